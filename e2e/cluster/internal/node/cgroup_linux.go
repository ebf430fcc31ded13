package node

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const cgroupRoot = "/sys/fs/cgroup"

// controllers are those the kubelet limits pods with.
var controllers = []string{"cpu", "cpuset", "memory", "pids", "io", "hugetlb"}

// unified says whether the machine has cgroups of version 2 alone.
func unified() bool {
	_, err := os.Stat(filepath.Join(cgroupRoot, "cgroup.controllers"))
	return err == nil
}

// makeCgroups makes the cgroup that holds the cluster's pods, in every hierarchy.
func makeCgroups(name string) error {
	if unified() {
		return makeUnified(name)
	}
	dirs, err := hierarchies()
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o755); err != nil {
			return fmt.Errorf("make cgroup: %w", err)
		}
	}
	return inheritCpuset(filepath.Join(cgroupRoot, "cpuset"), name)
}

func makeUnified(name string) error {
	dir := filepath.Join(cgroupRoot, name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make cgroup: %w", err)
	}
	for _, group := range []string{cgroupRoot, dir} {
		for _, controller := range controllers {
			// Which controllers there are is up to the machine; the kubelet says which it misses.
			_ = os.WriteFile(filepath.Join(group, "cgroup.subtree_control"), []byte("+"+controller), 0o644)
		}
	}
	return nil
}

// inheritCpuset copies the parent's processors and memory nodes: a new cpuset has none.
func inheritCpuset(hierarchy, name string) error {
	for _, file := range []string{"cpuset.cpus", "cpuset.mems"} {
		value, err := os.ReadFile(filepath.Join(hierarchy, file))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read cpuset: %w", err)
		}
		if err := os.WriteFile(filepath.Join(hierarchy, name, file), value, 0o644); err != nil {
			return fmt.Errorf("fill cpuset: %w", err)
		}
	}
	return nil
}

// RemoveCgroups removes what makeCgroups and the kubelet made; they outlive the namespaces.
func RemoveCgroups(name string) error {
	dirs := []string{cgroupRoot}
	if !unified() {
		var err error
		if dirs, err = hierarchies(); err != nil {
			return err
		}
	}
	for _, dir := range dirs {
		if err := removeTree(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("remove cgroup: %w", err)
		}
	}
	return nil
}

// hierarchies are the folders of cgroups of version 1, without the links among them.
func hierarchies() ([]string, error) {
	entries, err := os.ReadDir(cgroupRoot)
	if err != nil {
		return nil, fmt.Errorf("list cgroups: %w", err)
	}
	var dirs []string
	for _, entry := range entries {
		if entry.IsDir() {
			dirs = append(dirs, filepath.Join(cgroupRoot, entry.Name()))
		}
	}
	return dirs, nil
}

// removeTree removes a cgroup, its children first.
func removeTree(root string) error {
	var dirs []string
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return ignoreGone(err)
		}
		if entry.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(dirs, func(a, b string) int { return strings.Count(b, "/") - strings.Count(a, "/") })
	for _, dir := range dirs {
		if err := ignoreGone(os.Remove(dir)); err != nil {
			return err
		}
	}
	return nil
}

func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
