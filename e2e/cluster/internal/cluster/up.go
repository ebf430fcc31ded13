package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"serin.dev/e2e/cluster/internal/layout"
	"serin.dev/e2e/cluster/internal/node"
	"serin.dev/e2e/cluster/internal/parts"
	"serin.dev/e2e/cluster/internal/pki"
	"serin.dev/e2e/cluster/internal/spec"
)

// Options say what kind of cluster Up makes.
type Options struct {
	// ControlPlane leaves out everything that runs pods.
	ControlPlane bool
	// FakeNodes is how many nodes KWOK pretends to be.
	FakeNodes int
}

const (
	// Far more than is needed: limits tell a hang from a busy machine.
	apiTimeout  = 5 * time.Minute
	stopTimeout = time.Minute
)

// Up brings the cluster to the state that the options describe, from whatever it is in.
func (c Cluster) Up(ctx context.Context, options Options) error {
	if err := checkMachine(); err != nil {
		return err
	}
	set, err := c.Build(ctx, parts.Needs{Worker: !options.ControlPlane, Kwok: options.FakeNodes > 0})
	if err != nil {
		return err
	}
	if err := c.State.Create(); err != nil {
		return err
	}
	unlock, err := c.lock()
	if err != nil {
		return err
	}
	defer unlock()
	started := time.Now()
	cluster, err := c.start(ctx, options, set)
	if err != nil {
		return err
	}
	if err := c.fill(ctx, cluster, set); err != nil {
		return fmt.Errorf("%w\nlogs of the components: %s", err, c.State.Logs())
	}
	c.Report("up after %s; logs in %s", time.Since(started).Round(100*time.Millisecond), c.State.Logs())
	return nil
}

// start starts the cluster's processes, unless they run.
func (c Cluster) start(ctx context.Context, options Options, set parts.Set) (spec.Spec, error) {
	// Two clusters that start at the same time may prefer the same index.
	unlock, err := c.lockIndices()
	if err != nil {
		return spec.Spec{}, err
	}
	defer unlock()
	wanted, err := c.spec(options, set)
	if err != nil {
		return spec.Spec{}, err
	}
	if _, running := c.Running(); running {
		return wanted, c.sameAs(wanted)
	}
	c.Report("starting cluster %d in %s", wanted.Index, c.State.Dir)
	if err := c.clean(ctx, wanted); err != nil {
		return spec.Spec{}, err
	}
	if err := pki.Write(c.State, wanted.Plan()); err != nil {
		return spec.Spec{}, err
	}
	return wanted, node.Start(wanted)
}

// sameAs says whether the running cluster is of the wanted kind.
func (c Cluster) sameAs(wanted spec.Spec) error {
	running, err := spec.Load(c.State)
	if err != nil {
		return err
	}
	if running.Worker != wanted.Worker || running.FakeNodes != wanted.FakeNodes {
		return errors.New("a cluster of another kind is running: run `down` first")
	}
	if running.Kube != wanted.Kube || running.CoreDNS != wanted.CoreDNS || running.Debian != wanted.Debian {
		c.Report("the running cluster is of older parts; `down` and `up` start the present ones")
	}
	return nil
}

// clean removes what a start must not find: all that is left of the run before.
func (c Cluster) clean(ctx context.Context, cluster spec.Spec) error {
	logs, err := filepath.Glob(filepath.Join(c.State.Logs(), "*.log"))
	if err != nil {
		return err
	}
	for _, log := range logs {
		if err := os.Remove(log); err != nil {
			return fmt.Errorf("remove an old log: %w", err)
		}
	}
	return c.sweep(ctx, cluster.Plan())
}

// sweep removes what can outlive a cluster's processes.
func (c Cluster) sweep(ctx context.Context, plan layout.Plan) error {
	if err := node.Disconnect(plan, c.State.Dir); err != nil {
		return err
	}
	// The kernel may still be about to end the last pods.
	return until(ctx, stopTimeout, "cgroups of the cluster gone", func(context.Context) error {
		return node.RemoveCgroups(plan.Cgroup())
	})
}

// fill waits for the API server and puts into the cluster what comes with it.
func (c Cluster) fill(ctx context.Context, cluster spec.Spec, set parts.Set) error {
	if err := c.awaitAPI(ctx, cluster); err != nil {
		return err
	}
	addons := addons{
		cluster: c, plan: cluster.Plan(), set: set,
		kubectl: kubectl{program: cluster.Kube, kubeconfig: c.State.Kubeconfig()},
	}
	if cluster.FakeNodes > 0 {
		if err := addons.fakeNodes(ctx, cluster.FakeNodes); err != nil {
			return err
		}
	}
	if !cluster.Worker {
		return addons.controlPlane(ctx)
	}
	return addons.all(ctx)
}

// Down ends the cluster. With wipe it forgets its state too.
func (c Cluster) Down(ctx context.Context, wipe bool) error {
	if _, err := os.Stat(c.State.Dir); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	unlock, err := c.lock()
	if err != nil {
		return err
	}
	defer unlock()
	_, err = os.Stat(c.State.PidFile())
	ended := err == nil // it was started and not taken down since
	if process, running := c.Running(); running {
		c.Report("stopping the cluster in %s", c.State.Dir)
		if err := process.Stop(ctx, stopTimeout); err != nil {
			return err
		}
	}
	if cluster, err := spec.Load(c.State); err == nil && ended {
		if err := errors.Join(c.sweep(ctx, cluster.Plan()), os.Remove(c.State.PidFile())); err != nil {
			return err
		}
	}
	if !wipe {
		return nil
	}
	if err := os.RemoveAll(c.State.Dir); err != nil {
		return fmt.Errorf("remove the state folder: %w", err)
	}
	return nil
}
