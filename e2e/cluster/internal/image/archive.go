package image

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// Image is a tree and how to run it.
type Image struct {
	// Name is the full reference, for example localhost/serin:dev.
	Name string
	Tree *Tree
	// Entrypoint and Command are as in a Dockerfile.
	Entrypoint, Command []string
	WorkDir             string
	// User is "uid:gid"; empty is root.
	User string
}

type config struct {
	Architecture string    `json:"architecture"`
	OS           string    `json:"os"`
	Config       runConfig `json:"config"`
	RootFS       rootFS    `json:"rootfs"`
}

type runConfig struct {
	Entrypoint []string `json:"Entrypoint,omitempty"`
	Cmd        []string `json:"Cmd,omitempty"`
	Env        []string `json:"Env"`
	WorkingDir string   `json:"WorkingDir,omitempty"`
	User       string   `json:"User,omitempty"`
}

type rootFS struct {
	Type    string   `json:"type"`
	DiffIDs []string `json:"diff_ids"`
}

type manifest struct {
	Config   string   `json:"Config"`
	RepoTags []string `json:"RepoTags"`
	Layers   []string `json:"Layers"`
}

const searchPath = "PATH=/usr/local/bin:/usr/bin:/bin"

// Save writes the image as a docker-archive with one layer. The same input gives the same
// bytes. The file appears only when it is whole.
func (i Image) Save(file string) error {
	if err := i.save(file); err != nil {
		return fmt.Errorf("write image %s: %w", i.Name, err)
	}
	return nil
}

func (i Image) save(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	layer, err := os.CreateTemp(filepath.Dir(file), ".layer-*")
	if err != nil {
		return err
	}
	defer func() { _ = layer.Close(); _ = os.Remove(layer.Name()) }()
	digest := sha256.New()
	if err := i.Tree.write(io.MultiWriter(layer, digest)); err != nil {
		return err
	}
	partial := file + ".partial"
	defer func() { _ = os.Remove(partial) }()
	if err := i.writeArchive(partial, layer, hex.EncodeToString(digest.Sum(nil))); err != nil {
		return err
	}
	return os.Rename(partial, file)
}

func (i Image) writeArchive(file string, layer *os.File, digest string) error {
	size, err := layer.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if _, err := layer.Seek(0, io.SeekStart); err != nil {
		return err
	}
	configuration, manifests, err := i.describe(digest)
	if err != nil {
		return err
	}
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	archive := tar.NewWriter(out)
	if err := archive.WriteHeader(&tar.Header{Name: "layer.tar", Mode: 0o644, Size: size}); err != nil {
		return err
	}
	if _, err := io.Copy(archive, layer); err != nil {
		return err
	}
	if err := writeBytes(archive, configName(configuration), 0o644, configuration); err != nil {
		return err
	}
	if err := writeBytes(archive, "manifest.json", 0o644, manifests); err != nil {
		return err
	}
	if err := archive.Close(); err != nil {
		return err
	}
	return out.Close()
}

// describe is the image's configuration and the archive's manifest.
func (i Image) describe(digest string) (configuration, manifests []byte, err error) {
	configuration, err = json.Marshal(config{
		Architecture: runtime.GOARCH,
		OS:           "linux",
		Config: runConfig{
			Entrypoint: i.Entrypoint, Cmd: i.Command, Env: []string{searchPath}, WorkingDir: i.WorkDir, User: i.User,
		},
		RootFS: rootFS{Type: "layers", DiffIDs: []string{"sha256:" + digest}},
	})
	if err != nil {
		return nil, nil, err
	}
	manifests, err = json.Marshal([]manifest{{
		Config: configName(configuration), RepoTags: []string{i.Name}, Layers: []string{"layer.tar"},
	}})
	return configuration, manifests, err
}

func configName(configuration []byte) string {
	digest := sha256.Sum256(configuration)
	return hex.EncodeToString(digest[:]) + ".json"
}

// write is the tree as a tar.
func (t *Tree) write(out io.Writer) error {
	archive := tar.NewWriter(out)
	for _, name := range t.paths() {
		if err := t.entries[name].write(archive, strings.TrimPrefix(name, "/")); err != nil {
			return err
		}
	}
	return archive.Close()
}

func (e entry) write(archive *tar.Writer, name string) error {
	mode := int64(e.mode.Perm())
	if e.mode&fs.ModeSticky != 0 {
		mode |= 0o1000
	}
	switch {
	case e.mode.IsDir():
		return archive.WriteHeader(&tar.Header{Name: name + "/", Typeflag: tar.TypeDir, Mode: mode})
	case e.link != "":
		return archive.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: e.link, Mode: mode})
	case e.source != "":
		return writeFile(archive, name, mode, e.source)
	}
	return writeBytes(archive, name, mode, e.content)
}

func writeFile(archive *tar.Writer, name string, mode int64, source string) error {
	file, err := os.Open(source)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: info.Size()}); err != nil {
		return err
	}
	_, err = io.Copy(archive, file)
	return err
}

func writeBytes(archive *tar.Writer, name string, mode int64, content []byte) error {
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := archive.Write(content)
	return err
}
