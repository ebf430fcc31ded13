package parts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// debianPackages are unpacked, not installed: the machine stays as it is.
var debianPackages = []string{
	"containerd", "runc", "containernetworking-plugins", "nftables", // the node
	"bash", "busybox-static", "curl", // the load tester's image
}

// pythonPackages are fetched only where there is no pip.
var pythonPackages = []string{"python3-pip", "python3-minimal"}

// machinesOwn are never unpacked: programs that run here must use this machine's C library,
// and the others serve only the installation of packages.
var machinesOwn = []string{
	"base-files", "debconf", "debianutils", "dpkg", "gawk", "gcc-12-base", "gcc-14-base", "install-info", "libc6", "libgcc-s1",
	"mawk", "original-awk", "readline-common", "tar",
}

// Debian fetches packages of this machine's Debian release.
type Debian struct{ Store Store }

// Missing says what the machine lacks for it.
func (Debian) Missing() []string {
	var missing []string
	for _, tool := range []string{"apt-get", "apt-cache", "dpkg"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing = append(missing, tool+" (Debian or a relative of it)")
		}
	}
	return missing
}

func (Debian) key(packages []string) string {
	release, _ := os.ReadFile("/etc/os-release") // absent: still a constant of this machine
	return Key(string(release), runtime.GOARCH, strings.Join(packages, " "), strings.Join(machinesOwn, " "))
}

// Unpack unpacks packages with all they depend on, and returns the root folder.
func (d Debian) Unpack(ctx context.Context, name string, packages []string) (string, error) {
	key := d.key(packages)
	err := d.Store.Make(name, key, func(dir string) error {
		err := d.fetch(ctx, dir, packages)
		if err == nil || ctx.Err() != nil {
			return err
		}
		// The lists of packages are missing or name versions that are gone.
		if _, refresh := output(ctx, dir, "apt-get", "update"); refresh != nil {
			return errors.Join(err, refresh)
		}
		return d.fetch(ctx, dir, packages)
	})
	return d.Store.Dir(name, key), err
}

func (d Debian) fetch(ctx context.Context, dir string, packages []string) error {
	closure, err := d.closure(ctx, packages)
	if err != nil {
		return err
	}
	download, err := os.MkdirTemp(dir, ".download-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(download) }()
	args := append([]string{"-o", "APT::Sandbox::User=root", "download"}, closure...)
	if _, err := output(ctx, download, "apt-get", args...); err != nil {
		return err
	}
	archives, err := filepath.Glob(filepath.Join(download, "*.deb"))
	if err != nil {
		return err
	}
	for _, archive := range archives {
		if _, err := output(ctx, dir, "dpkg", "-x", archive, dir); err != nil {
			return err
		}
	}
	return nil
}

// closure are the packages with all they depend on, but for the machine's own.
func (Debian) closure(ctx context.Context, packages []string) ([]string, error) {
	args := []string{"depends", "--recurse", "--no-recommends", "--no-suggests", "--no-conflicts", "--no-breaks", "--no-replaces", "--no-enhances"}
	listing, err := output(ctx, "", "apt-cache", append(args, packages...)...)
	if err != nil {
		return nil, err
	}
	var all []string
	for line := range strings.Lines(listing) {
		name := strings.TrimSpace(line)
		// Only packages start a line; relations are indented, virtual packages bracketed.
		if strings.ContainsAny(line[:1], " <|") || slices.Contains(machinesOwn, name) || slices.Contains(all, name) {
			continue
		}
		all = append(all, name)
	}
	for _, wanted := range packages {
		if !slices.Contains(all, wanted) {
			return nil, fmt.Errorf("apt knows no package %s", wanted)
		}
	}
	return all, nil
}

// output runs a program and returns what it prints; its messages are in the error.
func output(ctx context.Context, dir, name string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "LC_ALL=C", "DEBIAN_FRONTEND=noninteractive")
	var messages strings.Builder
	command.Stderr = &messages
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", strings.Join(append([]string{name}, args...), " "), err, lastLines(messages.String(), 10))
	}
	return string(out), nil
}
