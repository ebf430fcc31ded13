// Package cluster brings a cluster up and down, and works with one that runs.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"serin.dev/e2e/cluster/internal/layout"
	"serin.dev/e2e/cluster/internal/node"
	"serin.dev/e2e/cluster/internal/parts"
	"serin.dev/e2e/cluster/internal/proc"
	"serin.dev/e2e/cluster/internal/spec"
)

// Cluster is the one whose state is in a folder.
type Cluster struct {
	State layout.State
	// Repository is the root folder of the repository.
	Repository string
	// Report tells the user what goes on.
	Report func(format string, args ...any)
}

// Open makes a Cluster of the environment: SERIN_CLUSTER_DIR names the state folder, else
// it is .cluster in the repository.
func Open(repository string, report func(format string, args ...any)) (Cluster, error) {
	dir := os.Getenv("SERIN_CLUSTER_DIR")
	if dir == "" {
		dir = filepath.Join(repository, ".cluster")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Cluster{}, fmt.Errorf("folder of the cluster: %w", err)
	}
	return Cluster{State: layout.State{Dir: dir}, Repository: repository, Report: report}, nil
}

// Source is the folder of this module.
func (c Cluster) Source() string { return filepath.Join(c.Repository, "e2e", "cluster") }

// Running is the cluster's process, if it runs.
func (c Cluster) Running() (proc.Process, bool) { return proc.Load(c.State.PidFile()) }

// builder makes the parts a cluster runs.
func (c Cluster) builder() (parts.Builder, error) {
	store, err := parts.DefaultStore()
	return parts.Builder{Store: store, Source: c.Source(), Report: c.Report}, err
}

// Build makes all parts that are missing.
func (c Cluster) Build(ctx context.Context, needs parts.Needs) (parts.Set, error) {
	builder, err := c.builder()
	if err != nil {
		return parts.Set{}, err
	}
	if err := checkTools(needs); err != nil {
		return parts.Set{}, err
	}
	return builder.Build(ctx, needs)
}

// Flagger makes the Flagger that Serin is compared with, and returns its path.
func (c Cluster) Flagger(ctx context.Context) (string, error) {
	builder, err := c.builder()
	if err != nil {
		return "", err
	}
	if err := checkTools(parts.Needs{}); err != nil {
		return "", err
	}
	return builder.Flagger(ctx)
}

// spec is what the cluster is made of. A cluster keeps the index it was first given.
func (c Cluster) spec(options Options, set parts.Set) (spec.Spec, error) {
	index, err := c.index()
	if err != nil {
		return spec.Spec{}, err
	}
	return spec.Spec{
		Dir: c.State.Dir, Index: index, Worker: !options.ControlPlane, FakeNodes: options.FakeNodes,
		Cache: set.Cache, Kube: set.Kube, CoreDNS: set.CoreDNS, Debian: set.Debian,
		Kwok: set.Kwok, KwokStages: set.KwokStages,
	}, nil
}

func (c Cluster) index() (int, error) {
	if before, err := spec.Load(c.State); err == nil {
		return before.Index, c.agrees(before.Index)
	}
	if wanted := os.Getenv("SERIN_CLUSTER_INDEX"); wanted != "" {
		return chosenIndex(wanted)
	}
	preferred := layout.PreferredIndex(c.State.Dir)
	for offset := range layout.MaxIndex {
		index := 1 + (preferred-1+offset)%layout.MaxIndex
		free, err := node.Free(layout.Plan{Index: index})
		if err != nil || free {
			return index, err
		}
	}
	return 0, errors.New("this machine's routes leave no address range for a cluster; see `ip route`")
}

// agrees says whether the user asks for another index than the cluster has.
func (c Cluster) agrees(index int) error {
	wanted := os.Getenv("SERIN_CLUSTER_INDEX")
	if wanted == "" || wanted == strconv.Itoa(index) {
		return nil
	}
	return fmt.Errorf("the cluster in %s has index %d, not SERIN_CLUSTER_INDEX=%s: run `down --wipe` first, or unset it", c.State.Dir, index, wanted)
}

func chosenIndex(wanted string) (int, error) {
	index, err := strconv.Atoi(wanted)
	if err != nil {
		return 0, fmt.Errorf("SERIN_CLUSTER_INDEX=%s is not a number", wanted)
	}
	plan, err := layout.NewPlan(index)
	if err != nil {
		return 0, err
	}
	free, err := node.Free(plan)
	if err == nil && !free {
		err = fmt.Errorf("index %d is taken: an interface %s or a route into %v exists; choose another SERIN_CLUSTER_INDEX", index, plan.Link(), plan.Ranges())
	}
	return index, err
}
