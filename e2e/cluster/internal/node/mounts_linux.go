package node

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"serin.dev/e2e/cluster/internal/layout"
)

// hidden are folders of the host that the node gets an empty one instead of.
var hidden = []string{"/run", "/var/log", "/var/lib"}

// sysctls are those the kubelet and the API server would set for the whole machine; the
// node sees a plain file instead of each.
var sysctls = map[string]string{
	"vm/overcommit_memory":      "1",
	"kernel/panic":              "10",
	"kernel/panic_on_oops":      "1",
	"kernel/keys/root_maxkeys":  "1000000",
	"kernel/keys/root_maxbytes": "25000000",
}

// mounter does one mount after another until one fails.
type mounter struct{ err error }

func (m *mounter) mount(source, target, kind string, flags uintptr) {
	if m.err != nil {
		return
	}
	if err := unix.Mount(source, target, kind, flags, ""); err != nil {
		m.err = fmt.Errorf("mount %s%s on %s: %w", kind, source, target, err)
	}
}

func (m *mounter) bind(source, target string) {
	m.mkdir(target)
	m.mount(source, target, "", unix.MS_BIND|unix.MS_REC)
}

func (m *mounter) detach(target string) {
	if m.err == nil {
		if err := unix.Unmount(target, unix.MNT_DETACH); err != nil {
			m.err = fmt.Errorf("unmount %s: %w", target, err)
		}
	}
}

func (m *mounter) mkdir(dir string) {
	if m.err == nil {
		m.err = os.MkdirAll(dir, 0o755)
	}
}

// mountAll gives the node its own view of the machine. Everything is private to its mount
// namespace; keep lists folders that stay visible also below a hidden one.
func mountAll(state layout.State, keep []string) error {
	m := &mounter{}
	m.mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE)
	m.mount("proc", "/proc", "proc", 0)
	m.sys(state.Path("mounts", "cgroup"))
	kept := m.open(append([]string{state.Dir}, keep...))
	for _, dir := range hidden {
		m.mount("tmpfs", dir, "tmpfs", 0)
	}
	m.restore(kept)
	m.bind(state.Path("kubelet"), "/var/lib/kubelet")
	m.bind(state.Path("containerd"), "/var/lib/containerd")
	m.bind(state.Path("logs", "pods"), "/var/log/pods")
	m.mkdir("/run/containerd")
	m.mount("", "/", "", unix.MS_REC|unix.MS_SHARED) // the kubelet hands mounts on to pods
	m.coverSysctls(state)
	return m.err
}

// sys replaces /sys by one that shows the node's network, with the machine's cgroups.
func (m *mounter) sys(aside string) {
	m.bind("/sys/fs/cgroup", aside)
	m.detach("/sys")
	m.mount("sysfs", "/sys", "sysfs", 0)
	m.bind(aside, "/sys/fs/cgroup")
	m.detach(aside)
}

// open opens the folders that are about to be hidden.
func (m *mounter) open(dirs []string) map[string]*os.File {
	kept := map[string]*os.File{}
	for _, dir := range dirs {
		if m.err == nil && isHidden(dir) {
			kept[dir], m.err = os.Open(dir)
		}
	}
	return kept
}

func (m *mounter) restore(kept map[string]*os.File) {
	for dir, file := range kept {
		m.bind(fmt.Sprintf("/proc/self/fd/%d", file.Fd()), dir)
		_ = file.Close()
	}
}

func isHidden(path string) bool {
	for _, dir := range hidden {
		if strings.HasPrefix(path, dir+"/") {
			return true
		}
	}
	return false
}

func (m *mounter) coverSysctls(state layout.State) {
	for name, value := range sysctls {
		file := state.Path("mounts", strings.ReplaceAll(name, "/", "."))
		target := filepath.Join("/proc/sys", name)
		if m.err != nil {
			return
		}
		if _, err := os.Stat(target); err != nil {
			continue // not every kernel has it
		}
		m.err = os.WriteFile(file, []byte(value+"\n"), 0o644)
		m.mount(file, target, "", unix.MS_BIND)
	}
}
