// Package image writes container images without a container engine.
package image

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strings"
)

// Tree is the content of an image: files by their absolute path in it.
type Tree struct {
	entries map[string]entry
}

// entry is one file, folder or link of a tree.
type entry struct {
	mode    fs.FileMode
	source  string // a file on this machine; else content
	content []byte
	link    string // target of a symbolic link
}

// NewTree has only the folders every program expects.
func NewTree() *Tree {
	tree := &Tree{entries: map[string]entry{}}
	tree.entries["/tmp"] = entry{mode: fs.ModeDir | fs.ModeSticky | 0o777}
	return tree
}

// Content adds a file with this content, readable by all.
func (t *Tree) Content(target, content string) {
	t.put(target, entry{mode: 0o644, content: []byte(content)})
}

// Link adds a symbolic link.
func (t *Tree) Link(target, to string) {
	t.put(target, entry{mode: fs.ModeSymlink | 0o777, link: to})
}

// Copy adds a file, or a folder with all that is in it, from this machine. Links are followed.
func (t *Tree) Copy(source, target string) error {
	info, err := os.Stat(source)
	if err != nil {
		return fmt.Errorf("copy into the image: %w", err)
	}
	if !info.IsDir() {
		mode := fs.FileMode(0o644)
		if info.Mode()&0o111 != 0 {
			mode = 0o755
		}
		t.put(target, entry{mode: mode, source: source})
		return nil
	}
	children, err := os.ReadDir(source)
	if err != nil {
		return fmt.Errorf("copy into the image: %w", err)
	}
	for _, child := range children {
		if err := t.Copy(filepath.Join(source, child.Name()), path.Join(target, child.Name())); err != nil {
			return err
		}
	}
	return nil
}

// put adds an entry and the folders above it.
func (t *Tree) put(target string, e entry) {
	target = path.Clean("/" + target)
	t.entries[target] = e
	for dir := path.Dir(target); dir != "/"; dir = path.Dir(dir) {
		if _, there := t.entries[dir]; !there {
			t.entries[dir] = entry{mode: fs.ModeDir | 0o755}
		}
	}
}

// has says whether the tree has something at this path.
func (t *Tree) has(target string) bool {
	_, there := t.entries[path.Clean("/"+target)]
	return there
}

// paths are all paths, parents before children.
func (t *Tree) paths() []string {
	all := make([]string, 0, len(t.entries))
	for name := range t.entries {
		all = append(all, name)
	}
	sort.Slice(all, func(i, j int) bool {
		return strings.ReplaceAll(all[i], "/", "\x00") < strings.ReplaceAll(all[j], "/", "\x00")
	})
	return all
}
