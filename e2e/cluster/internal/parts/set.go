package parts

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Needs says which parts are wanted.
type Needs struct {
	// Worker is what runs pods, and the images of those that come with the cluster.
	Worker bool
	// Kwok is what plays nodes and pods.
	Kwok bool
}

// Set is where the finished parts are. Paths are absolute; those not asked for are empty.
type Set struct {
	// Cache holds all of them.
	Cache string
	// Kube is always there: the control plane and kubectl.
	Kube string
	// GatewayCRDs and EnvoyCRDs are folders of manifests.
	GatewayCRDs, EnvoyCRDs string

	CoreDNS, EnvoyGateway, Hey string
	// Debian is the root of the unpacked packages.
	Debian string
	// SystemImages are docker-archives of what the cluster's own pods run; Images are those
	// that come with it for tests.
	SystemImages, Images []string

	Kwok string
	// KwokStages are files that say how fake nodes and pods behave.
	KwokStages []string
}

// Builder makes all parts.
type Builder struct {
	Store Store
	// Source is the folder of this module in the repository.
	Source string
	// Report tells the user what goes on.
	Report func(format string, args ...any)
}

func (b Builder) golang() GoBuilder {
	return GoBuilder{Store: b.Store, Module: filepath.Join(b.Source, "components"), Report: b.Report}
}

// Build makes the parts that are missing, downloads beside compiling.
func (b Builder) Build(ctx context.Context, needs Needs) (Set, error) {
	programs := wanted(needs)
	keys, err := b.golang().Keys(ctx, programs)
	if err != nil {
		return Set{}, err
	}
	b.announce(programs, keys, "ten")
	set := Set{Cache: b.Store.Root}
	jobs := []func(context.Context) error{
		func(ctx context.Context) error { return b.golang().Build(ctx, programs, keys) },
	}
	if needs.Worker {
		jobs = append(jobs, b.debianJob(&set), b.envoyJob())
	}
	if err := Together(ctx, jobs...); err != nil {
		return Set{}, err
	}
	if err := b.finish(ctx, needs, keys, &set); err != nil {
		return Set{}, err
	}
	return set, b.Store.Prune()
}

func wanted(needs Needs) []Program {
	programs := Programs()
	if !needs.Worker {
		programs = programs[:1] // kube alone
	}
	if needs.Kwok {
		programs = append(programs, Kwok())
	}
	return programs
}

// Flagger makes the Flagger that Serin is compared with, unless it is there, and returns its path.
func (b Builder) Flagger(ctx context.Context) (string, error) { return b.tool(ctx, Flagger()) }

// Helm makes what installs charts, unless it is there, and returns its path.
func (b Builder) Helm(ctx context.Context) (string, error) { return b.tool(ctx, Helm()) }

// tool makes a program whose module is a folder of its name, so that a change of it rebuilds nothing that a cluster runs.
func (b Builder) tool(ctx context.Context, program Program) (string, error) {
	golang := GoBuilder{Store: b.Store, Module: filepath.Join(b.Source, program.Name), Report: b.Report}
	keys, err := golang.Keys(ctx, []Program{program})
	if err != nil {
		return "", err
	}
	b.announce([]Program{program}, keys, "two")
	err = golang.Build(ctx, []Program{program}, keys)
	return filepath.Join(b.Store.Dir(program.Name, keys[program.Name]), program.Name), err
}

// announce says what is about to be built and how long it takes.
func (b Builder) announce(programs []Program, keys map[string]string, minutes string) {
	var missing []string
	for _, program := range programs {
		if !b.Store.Has(program.Name, keys[program.Name]) {
			missing = append(missing, program.Name)
		}
	}
	if len(missing) > 0 {
		b.Report("building %s", strings.Join(missing, ", "))
		b.Report("the first time this takes about %s minutes on two idle cores; interrupt it as you like, it goes on where it was", minutes)
	}
}

func (b Builder) debianJob(set *Set) func(context.Context) error {
	return func(ctx context.Context) (err error) {
		debian := Debian{Store: b.Store}
		if !b.Store.Has("debian", debian.key(debianPackages)) {
			b.Report("fetching Debian packages: %s", strings.Join(debianPackages, ", "))
		}
		set.Debian, err = debian.Unpack(ctx, "debian", debianPackages)
		return err
	}
}

func (b Builder) envoy() Envoy { return Envoy{Store: b.Store, Debian: Debian{Store: b.Store}} }

func (b Builder) envoyJob() func(context.Context) error {
	return func(ctx context.Context) error {
		envoy := b.envoy()
		if !b.Store.Has("envoy", envoy.key()) {
			b.Report("fetching Envoy %s", EnvoyVersion)
		}
		return envoy.Fetch(ctx)
	}
}

// finish makes the parts that are made of other parts, and notes where all are.
func (b Builder) finish(ctx context.Context, needs Needs, keys map[string]string, set *Set) error {
	program := func(name string) string { return filepath.Join(b.Store.Dir(name, keys[name]), name) }
	set.Kube = program("kube")
	if err := b.manifests(ctx, set); err != nil {
		return err
	}
	if needs.Kwok {
		set.Kwok = program("kwok")
		stages, err := filepath.Glob(filepath.Join(b.Store.Dir("kwok", keys["kwok"]), "kustomize/stage/*/fast/*-*.yaml"))
		if err != nil {
			return err
		}
		set.KwokStages = stages
	}
	if !needs.Worker {
		return nil
	}
	set.CoreDNS, set.EnvoyGateway, set.Hey = program("coredns"), program("envoy-gateway"), program("hey")
	return b.images(program, keys, set)
}

// manifests copies the custom resource definitions out of the modules.
func (b Builder) manifests(ctx context.Context, set *Set) error {
	inputs, err := DigestFiles(b.golang().Module, "go.mod")
	if err != nil {
		return err
	}
	key := Key(inputs)
	sources := map[string][2]string{
		"gateway-api":   {"sigs.k8s.io/gateway-api", "config/crd/standard"},
		"envoy-gateway": {"github.com/envoyproxy/gateway", "charts/gateway-helm/charts/crds/crds/generated"},
	}
	err = b.Store.Make("crds", key, func(dir string) error {
		for name, source := range sources {
			module, err := b.golang().ModuleDir(ctx, source[0])
			if err != nil {
				return err
			}
			if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join(module, source[1]))); err != nil {
				return fmt.Errorf("manifests of %s: %w", source[0], err)
			}
		}
		return nil
	})
	set.GatewayCRDs = filepath.Join(b.Store.Dir("crds", key), "gateway-api")
	set.EnvoyCRDs = filepath.Join(b.Store.Dir("crds", key), "envoy-gateway")
	return err
}

// Together runs jobs side by side; the first error ends the others.
func Together(ctx context.Context, jobs ...func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var group sync.WaitGroup
	failures := make([]error, len(jobs))
	for index, job := range jobs {
		group.Go(func() {
			if failures[index] = job(ctx); failures[index] != nil {
				cancel()
			}
		})
	}
	group.Wait()
	return firstCause(failures)
}

// firstCause drops the errors of jobs that were only interrupted by another's failure.
func firstCause(failures []error) error {
	var causes []error
	for _, err := range failures {
		if err != nil && !errors.Is(err, context.Canceled) {
			causes = append(causes, err)
		}
	}
	if len(causes) == 0 {
		return errors.Join(failures...)
	}
	return errors.Join(causes...)
}
