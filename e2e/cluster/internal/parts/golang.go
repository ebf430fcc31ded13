package parts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// buildFlags are the same for every program, so that packages are compiled once for all.
// Debug information costs a tenth of the time and is of no use here.
var buildFlags = []string{
	"-trimpath",
	"-tags=remove_all_sd,enable_kubernetes_sd", // Prometheus: no other service discovery
	"-gcflags=all=-dwarf=false",
}

// GoBuilder builds programs of one module.
type GoBuilder struct {
	Store Store
	// Module is the folder of the module.
	Module string
	Report func(format string, args ...any)
}

// Keys are the keys of programs, by name.
func (b GoBuilder) Keys(ctx context.Context, programs []Program) (map[string]string, error) {
	version, err := b.output(ctx, "env", "GOVERSION", "GOOS", "GOARCH")
	if err != nil {
		return nil, err
	}
	keys := map[string]string{}
	for _, program := range programs {
		inputs := []string{"go.mod", "go.sum"}
		if strings.HasPrefix(program.Package, "./") {
			inputs = append(inputs, program.Package)
		}
		files, err := DigestFiles(b.Module, inputs...)
		if err != nil {
			return nil, err
		}
		keys[program.Name] = Key(version, files, linkFlags(program.Variables), strings.Join(buildFlags, " "), strings.Join(program.Share, " "))
	}
	return keys, nil
}

// Build builds the programs that are not in the store. One call compiles for all of them;
// those that differ by their variables alone are linked after it.
func (b GoBuilder) Build(ctx context.Context, programs []Program, keys map[string]string) error {
	missing := slices.DeleteFunc(slices.Clone(programs), func(p Program) bool { return b.Store.Has(p.Name, keys[p.Name]) })
	for len(missing) > 0 {
		var batch, later []Program
		for _, program := range missing {
			if slices.ContainsFunc(batch, func(p Program) bool { return p.Package == program.Package }) {
				later = append(later, program)
			} else {
				batch = append(batch, program)
			}
		}
		if err := b.buildBatch(ctx, batch, keys); err != nil {
			return err
		}
		missing = later
	}
	return nil
}

func (b GoBuilder) buildBatch(ctx context.Context, programs []Program, keys map[string]string) error {
	if err := os.MkdirAll(b.Store.Root, 0o755); err != nil {
		return fmt.Errorf("make the cache folder: %w", err)
	}
	out, err := os.MkdirTemp(b.Store.Root, ".building-")
	if err != nil {
		return fmt.Errorf("make the cache folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(out) }()
	if err := b.compile(ctx, programs, out); err != nil {
		return err
	}
	for _, program := range programs {
		err := b.Store.Make(program.Name, keys[program.Name], func(dir string) error {
			if err := os.Rename(filepath.Join(out, program.binary()), filepath.Join(dir, program.Name)); err != nil {
				return err
			}
			return b.share(ctx, program, dir)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// compile runs the one build. The linker ignores variables a program does not have, so all
// programs can be given those of all.
func (b GoBuilder) compile(ctx context.Context, programs []Program, out string) error {
	variables, packages := map[string]string{}, []string{}
	for _, program := range programs {
		maps.Copy(variables, program.Variables)
		packages = append(packages, program.Package)
	}
	total, err := b.prepare(ctx, packages)
	if err != nil {
		return err
	}
	args := append([]string{"build", "-v", "-o", out + "/", "-ldflags=" + linkFlags(variables)}, buildFlags...)
	command := b.command(ctx, append(args, packages...)...)
	progress := &compileProgress{total: total, report: b.Report}
	command.Stderr = progress
	if err := command.Run(); err != nil {
		return fmt.Errorf("build %s: %w%s", strings.Join(packages, ", "), err, progress.messages())
	}
	return nil
}

// prepare downloads the modules, and compiles the standard library meanwhile. It returns
// the number of packages to compile.
func (b GoBuilder) prepare(ctx context.Context, packages []string) (int, error) {
	standard := make(chan error, 1)
	go func() { standard <- b.run(ctx, append(append([]string{"build"}, buildFlags...), "std")...) }()
	all, err := b.output(ctx, append([]string{"list", "-deps", buildFlags[1]}, packages...)...)
	return strings.Count(all, "\n"), errors.Join(err, <-standard)
}

// share copies folders of the program's module.
func (b GoBuilder) share(ctx context.Context, program Program, dir string) error {
	if len(program.Share) == 0 {
		return nil
	}
	module, err := b.output(ctx, "list", "-f", "{{.Module.Dir}}", program.Package)
	if err != nil {
		return err
	}
	for _, folder := range program.Share {
		source := os.DirFS(filepath.Join(strings.TrimSpace(module), folder))
		if err := os.CopyFS(filepath.Join(dir, folder), source); err != nil {
			return err
		}
	}
	return nil
}

// ModuleDir is the folder of a module's source, which is downloaded when it is missing.
func (b GoBuilder) ModuleDir(ctx context.Context, module string) (string, error) {
	if err := b.run(ctx, "mod", "download", module); err != nil {
		return "", err
	}
	dir, err := b.output(ctx, "list", "-m", "-f", "{{.Dir}}", module)
	return strings.TrimSpace(dir), err
}

func (b GoBuilder) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, "go", args...)
	command.Dir = b.Module
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=-buildvcs=false")
	return command
}

func (b GoBuilder) run(ctx context.Context, args ...string) error {
	_, err := b.output(ctx, args...)
	return err
}

func (b GoBuilder) output(ctx context.Context, args ...string) (string, error) {
	command := b.command(ctx, args...)
	var messages bytes.Buffer
	command.Stderr = &messages
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("go %s: %w\n%s", strings.Join(args, " "), err, lastLines(messages.String(), 20))
	}
	return string(out), nil
}

func linkFlags(variables map[string]string) string {
	flags := "-s -w"
	for _, name := range slices.Sorted(maps.Keys(variables)) {
		flags += " -X " + name + "=" + variables[name]
	}
	return flags
}
