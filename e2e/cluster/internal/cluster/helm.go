package cluster

import (
	"context"
	"os"
	"os/exec"
)

// Helm runs helm for the cluster; what needs none, as rendering a chart, works without one.
func (c Cluster) Helm(ctx context.Context, args []string) error {
	builder, err := c.builder()
	if err != nil {
		return err
	}
	program, err := builder.Helm(ctx)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, program, args...)
	command.Env = append(os.Environ(), "KUBECONFIG="+c.kubeconfig())
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	return command.Run()
}

// kubeconfig is that of the user's cluster, or of our own.
func (c Cluster) kubeconfig() string {
	if Existing() {
		return os.Getenv("KUBECONFIG")
	}
	return c.State.Kubeconfig()
}
