package node

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"serin.dev/e2e/cluster/internal/component"
	"serin.dev/e2e/cluster/internal/layout"
	"serin.dev/e2e/cluster/internal/spec"
)

// gateFile is the descriptor the init process reads the gate from.
const gateFile = 3

// Init is the first process of the node: it prepares the namespaces, starts the components
// and looks after them until it is told to end.
func Init(dir string) error {
	cluster, err := spec.Load(layout.State{Dir: dir})
	if err != nil {
		return err
	}
	if err := awaitGate(); err != nil {
		return err
	}
	if err := prepare(cluster); err != nil {
		return err
	}
	processes, err := component.All(cluster)
	if err != nil {
		return err
	}
	return newSupervisor(cluster).run(processes)
}

// awaitGate returns when the host's end of the network is there, or has failed.
func awaitGate() error {
	pipe := os.NewFile(gateFile, "gate")
	defer func() { _ = pipe.Close() }()
	if line, _ := bufio.NewReader(pipe).ReadString('\n'); line != gate {
		return errors.New("the command that starts the cluster went away before the network was connected")
	}
	return nil
}

func prepare(cluster spec.Spec) error {
	if err := unix.Sethostname([]byte(cluster.Plan().NodeName())); err != nil {
		return fmt.Errorf("set the host name: %w", err)
	}
	if err := mountAll(cluster.State(), []string{cluster.Cache}); err != nil {
		return err
	}
	if err := connectNode(cluster.Plan()); err != nil {
		return err
	}
	if err := makeCgroups(cluster.Plan().Cgroup()); err != nil {
		return err
	}
	return environment(cluster)
}

// environment is what all components inherit: their programs and libraries are unpacked
// packages, and no proxy stands between them.
func environment(cluster spec.Spec) error {
	in := func(dir string) string { return filepath.Join(cluster.Debian, dir) }
	path := in("usr/sbin") + ":" + in("usr/bin") + ":" + in("sbin") + ":" + in("bin")
	libraries := in("usr/lib/"+layout.Multiarch) + ":" + in("lib/"+layout.Multiarch)
	os.Clearenv()
	return errors.Join(
		os.Setenv("PATH", path+":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
		os.Setenv("LD_LIBRARY_PATH", libraries),
		os.Setenv("HOME", "/root"),
	)
}
