package parts

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPartAppearsOnlyWhenItIsWhole(t *testing.T) {
	store := Store{Root: t.TempDir()}
	broken := errors.New("broken")
	err := store.Make("x", "1", func(dir string) error {
		return errors.Join(os.WriteFile(filepath.Join(dir, "half"), nil, 0o600), broken)
	})
	if !errors.Is(err, broken) || store.Has("x", "1") {
		t.Fatalf("got %v; there: %t", err, store.Has("x", "1"))
	}
	if err := store.Make("x", "1", func(dir string) error { return os.WriteFile(filepath.Join(dir, "file"), nil, 0o600) }); err != nil {
		t.Fatal(err)
	}
	if !store.Has("x", "1") {
		t.Error("missing after it was made")
	}
	if err := store.Make("x", "1", func(string) error { return broken }); err != nil {
		t.Errorf("made twice: %v", err)
	}
}

func TestPruneKeepsWhatIsUsed(t *testing.T) {
	store := Store{Root: t.TempDir()}
	for _, key := range []string{"old", "used"} {
		if err := store.Make("x", key, func(string) error { return nil }); err != nil {
			t.Fatal(err)
		}
		long := time.Now().Add(-2 * unusedAfter)
		if err := os.Chtimes(store.Dir("x", key), long, long); err != nil {
			t.Fatal(err)
		}
	}
	if !store.Has("x", "used") {
		t.Fatal("not there")
	}
	if err := store.Prune(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(store.Dir("x", "old")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("unused part is still there: %v", err)
	}
	if !store.Has("x", "used") {
		t.Error("used part is gone")
	}
}

func TestKeysDifferByEveryInput(t *testing.T) {
	seen := map[string]bool{}
	for _, inputs := range [][]string{{"a"}, {"b"}, {"a", "b"}, {"ab"}, {"b", "a"}} {
		key := Key(inputs...)
		if seen[key] {
			t.Errorf("%v has the key of another", inputs)
		}
		seen[key] = true
	}
}

func TestDigestSeesContentAndNames(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "sub", "file")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	digest := func() string {
		value, err := DigestFiles(root, "sub")
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	write := func(content string) {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a")
	first := digest()
	write("b")
	second := digest()
	if err := os.Rename(file, file+"2"); err != nil {
		t.Fatal(err)
	}
	if first == second || second == digest() {
		t.Error("a change is not seen")
	}
	if _, err := DigestFiles(root, "nowhere"); err == nil {
		t.Error("a missing input is no error")
	}
}

func TestCompileProgressKeepsWhatWentWrong(t *testing.T) {
	progress := &compileProgress{report: func(string, ...any) {}}
	for _, piece := range []string{"k8s.io/api/co", "re/v1\n# bad/package\nbad/file.go:1:2: unde", "fined: x\n"} {
		if _, err := progress.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	if progress.compiled != 1 {
		t.Errorf("counted %d packages", progress.compiled)
	}
	if got := progress.messages(); !strings.Contains(got, "undefined: x") || strings.Contains(got, "core/v1") {
		t.Errorf("messages %q", got)
	}
}

func TestOneFailureEndsTheOthersAndIsNamed(t *testing.T) {
	broken := errors.New("broken")
	err := Together(t.Context(),
		func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		func(context.Context) error { return broken },
	)
	if !errors.Is(err, broken) || errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestLinkFlagsAreInOneOrder(t *testing.T) {
	if got := linkFlags(map[string]string{"b": "2", "a": "1"}); got != "-s -w -X a=1 -X b=2" {
		t.Errorf("got %q", got)
	}
}

func TestProgramsOfOnePackageDifferByVersionAlone(t *testing.T) {
	for _, version := range PodinfoVersions {
		program := podinfo(version)
		if program.binary() != "podinfo" || !strings.HasSuffix(linkFlags(program.Variables), "="+version) {
			t.Errorf("%s: %+v", version, program)
		}
	}
}

func TestFlaggerHasTheVersionsOfItsOwnModule(t *testing.T) {
	// The revision hash is made of the fields of k8s.io/api.
	module, err := os.ReadFile("../../flagger/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"github.com/fluxcd/flagger v1.44.0", "k8s.io/api v0.36.2 "} {
		if !strings.Contains(string(module), line) {
			t.Errorf("no %q", line)
		}
	}
	if strings.Contains(string(module), "replace") {
		t.Error("a version is replaced")
	}
}
