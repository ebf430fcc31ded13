package cluster

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// kubectl runs the kubectl that comes with the cluster's parts.
type kubectl struct{ program, kubeconfig string }

func (k kubectl) command(ctx context.Context, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, k.program, append([]string{"kubectl"}, args...)...)
	command.Env = append(os.Environ(), "KUBECONFIG="+k.kubeconfig)
	return command
}

// output is what a call prints; on failure its messages are in the error.
func (k kubectl) output(ctx context.Context, args ...string) (string, error) {
	return k.feed(ctx, "", args...)
}

// feed is a call that reads input.
func (k kubectl) feed(ctx context.Context, input string, args ...string) (string, error) {
	command := k.command(ctx, args...)
	command.Stdin = strings.NewReader(input)
	var messages bytes.Buffer
	command.Stderr = &messages
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("kubectl %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(messages.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

// apply makes the cluster have what the files and folders say.
func (k kubectl) apply(ctx context.Context, paths ...string) error {
	args := []string{"apply", "--server-side", "--force-conflicts", "--field-manager=serin-cluster"}
	for _, path := range paths {
		args = append(args, "--filename="+path)
	}
	_, err := k.output(ctx, args...)
	return err
}
