package image

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// unpack reads a tar into memory: content by name, and the headers in order.
func unpack(t *testing.T, in io.Reader) (map[string][]byte, []*tar.Header) {
	t.Helper()
	contents, headers := map[string][]byte{}, []*tar.Header(nil)
	for archive := tar.NewReader(in); ; {
		header, err := archive.Next()
		if err == io.EOF {
			return contents, headers
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		contents[header.Name], headers = data, append(headers, header)
	}
}

func save(t *testing.T, image Image) map[string][]byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "image.tar")
	if err := image.Save(file); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	contents, _ := unpack(t, bytes.NewReader(data))
	return contents
}

func TestArchiveSaysHowToRunTheImage(t *testing.T) {
	contents := save(t, Image{
		Name: "localhost/x:1", Tree: Base(), Entrypoint: []string{"/x"}, Command: []string{"run"}, WorkDir: "/home", User: nonRoot,
	})
	var manifests []manifest
	if err := json.Unmarshal(contents["manifest.json"], &manifests); err != nil {
		t.Fatal(err)
	}
	if len(manifests) != 1 || !slices.Equal(manifests[0].RepoTags, []string{"localhost/x:1"}) {
		t.Fatalf("manifest %s", contents["manifest.json"])
	}
	var c config
	if err := json.Unmarshal(contents[manifests[0].Config], &c); err != nil {
		t.Fatal(err)
	}
	if c.Config.User != nonRoot || c.Config.Entrypoint[0] != "/x" || c.Config.Cmd[0] != "run" || c.Config.WorkingDir != "/home" {
		t.Errorf("configuration %+v", c.Config)
	}
}

func TestSameInputGivesSameBytes(t *testing.T) {
	image := Image{Name: "localhost/x:1", Tree: Base()}
	first, second := save(t, image), save(t, image)
	if !bytes.Equal(first["layer.tar"], second["layer.tar"]) || !bytes.Equal(first["manifest.json"], second["manifest.json"]) {
		t.Error("two archives of one image differ")
	}
}

func TestLayerHasParentsBeforeChildren(t *testing.T) {
	source := t.TempDir()
	if err := os.WriteFile(filepath.Join(source, "run"), []byte("x"), 0o700); err != nil {
		t.Fatal(err)
	}
	tree := NewTree()
	if err := tree.Copy(source, "/a/b"); err != nil {
		t.Fatal(err)
	}
	tree.Link("/a/l", "b/run")
	_, headers := unpack(t, bytes.NewReader(save(t, Image{Tree: tree})["layer.tar"]))
	var names []string
	for _, header := range headers {
		names = append(names, header.Name)
	}
	if want := []string{"a/", "a/b/", "a/b/run", "a/l", "tmp/"}; !slices.Equal(names, want) {
		t.Fatalf("got %v, want %v", names, want)
	}
	if headers[2].Mode != 0o755 || headers[3].Linkname != "b/run" || headers[4].Mode != 0o1777 {
		t.Errorf("modes or link wrong: %+v", headers)
	}
}

func TestDynamicProgramBringsLoaderAndLibraries(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs a program for Linux")
	}
	loader, _, err := inspect("/bin/sh")
	if err != nil || loader == "" {
		t.Skip("/bin/sh is not dynamically linked here")
	}
	tree := NewTree()
	if err := (Libraries{Roots: []string{"/"}}).AddProgram(tree, "/bin/sh", "/bin/sh"); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(tree.paths(), " ")
	if !tree.has(loader) || !strings.Contains(all, "libc.so") {
		t.Errorf("loader or libc missing: %s", all)
	}
}

func TestMissingLibraryIsNamed(t *testing.T) {
	_, err := Libraries{Roots: []string{t.TempDir()}}.find("libnowhere.so.1")
	if err == nil || !strings.Contains(err.Error(), "libnowhere.so.1") {
		t.Errorf("got %v", err)
	}
}
