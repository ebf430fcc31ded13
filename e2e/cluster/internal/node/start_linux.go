package node

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"

	"serin.dev/e2e/cluster/internal/proc"
	"serin.dev/e2e/cluster/internal/spec"
)

// namespaces are those the cluster gets for itself.
const namespaces = syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET |
	syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC

// gate is what Start tells the init process once its network is connected.
const gate = "go\n"

// Start starts the cluster's init process in new namespaces, connects the host to it and
// returns; the process lives on by itself. Its id is kept in the state folder.
func Start(cluster spec.Spec) error {
	if err := cluster.Save(); err != nil {
		return err
	}
	log, err := os.Create(cluster.State().Log("init"))
	if err != nil {
		return fmt.Errorf("log of the node: %w", err)
	}
	defer func() { _ = log.Close() }()
	reader, writer, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start the node: %w", err)
	}
	defer func() { _ = errors.Join(reader.Close(), writer.Close()) }()
	command := exec.Command("/proc/self/exe", InitCommand, cluster.Dir)
	command.Dir = "/"
	command.Stdout, command.Stderr = log, log
	command.ExtraFiles = []*os.File{reader}
	command.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces, Setsid: true}
	if err := command.Start(); err != nil {
		return fmt.Errorf("start the node in namespaces of its own: %w", err)
	}
	if err := release(cluster, command.Process.Pid, writer); err != nil {
		return errors.Join(err, command.Process.Kill(), command.Wait())
	}
	return nil
}

// release notes the init process, connects it, and lets it go on.
func release(cluster spec.Spec, pid int, writer *os.File) error {
	process, err := proc.Find(pid)
	if err != nil {
		return err
	}
	if err := process.Save(cluster.State().PidFile()); err != nil {
		return fmt.Errorf("note the node's process: %w", err)
	}
	if err := connectHost(cluster.Plan(), cluster.Dir, pid); err != nil {
		return err
	}
	if _, err := writer.WriteString(gate); err != nil {
		return fmt.Errorf("start the node: %w", err)
	}
	return nil
}
