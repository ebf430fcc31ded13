package image

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"serin.dev/e2e/cluster/internal/layout"
)

// Libraries finds what a dynamically linked program needs at run time.
type Libraries struct {
	// Roots are searched in order, each with the usual library folders below it;
	// "/" is this machine.
	Roots []string
}

// AddProgram adds a program, its loader and all its libraries. A static program is just copied.
func (l Libraries) AddProgram(tree *Tree, source, target string) error {
	if err := tree.Copy(source, target); err != nil {
		return err
	}
	if err := l.addNeeded(tree, source); err != nil {
		return fmt.Errorf("libraries of %s: %w", source, err)
	}
	return nil
}

func (l Libraries) addNeeded(tree *Tree, file string) error {
	loader, needed, err := inspect(file)
	if err != nil {
		return err
	}
	if loader != "" && !tree.has(loader) {
		// Always this machine's: the loader and libc must be of one build.
		if err := tree.Copy(loader, loader); err != nil {
			return err
		}
	}
	for _, name := range needed {
		target := "/usr/lib/" + layout.Multiarch + "/" + name
		if tree.has(target) {
			continue
		}
		path, err := l.find(name)
		if err != nil {
			return err
		}
		if err := tree.Copy(path, target); err != nil {
			return err
		}
		if err := l.addNeeded(tree, path); err != nil {
			return err
		}
	}
	return nil
}

// inspect reads the loader and the libraries a file names; a static program has neither.
func inspect(file string) (loader string, needed []string, err error) {
	binary, err := elf.Open(file)
	if err != nil {
		return "", nil, fmt.Errorf("%s is not a program for Linux: %w", file, err)
	}
	defer func() { _ = binary.Close() }()
	for _, segment := range binary.Progs {
		if segment.Type == elf.PT_INTERP {
			name := make([]byte, segment.Filesz-1) // ends in a zero byte
			if _, err := segment.ReadAt(name, 0); err != nil {
				return "", nil, fmt.Errorf("loader of %s: %w", file, err)
			}
			loader = string(name)
		}
	}
	needed, err = binary.ImportedLibraries()
	return loader, needed, err
}

func (l Libraries) find(name string) (string, error) {
	for _, root := range l.Roots {
		for _, dir := range []string{"lib/" + layout.Multiarch, "usr/lib/" + layout.Multiarch, "lib64", "usr/lib64", "usr/local/lib"} {
			path := filepath.Join(root, dir, name)
			if _, err := os.Stat(path); err == nil {
				return path, nil
			} else if !errors.Is(err, os.ErrNotExist) {
				return "", err
			}
		}
	}
	return "", fmt.Errorf("no %s below %v", name, l.Roots)
}

// Add adds a file or folder; a program brings its libraries.
func Add(tree *Tree, source, target string) error {
	if binary, err := elf.Open(source); err == nil {
		if err := binary.Close(); err != nil {
			return err
		}
		return Libraries{Roots: []string{"/"}}.AddProgram(tree, source, target)
	}
	return tree.Copy(source, target)
}
