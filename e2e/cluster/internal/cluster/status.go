package cluster

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"serin.dev/e2e/cluster/internal/image"
	"serin.dev/e2e/cluster/internal/parts"
	"serin.dev/e2e/cluster/internal/spec"
)

// Status prints what runs, and where its things are.
func (c Cluster) Status(ctx context.Context, out io.Writer) error {
	process, running := c.Running()
	if !running {
		_, err := fmt.Fprintf(out, "no cluster runs in %s\n", c.State.Dir)
		return err
	}
	cluster, err := spec.Load(c.State)
	if err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	rows := [][2]string{
		{"state", c.State.Dir}, {"kubeconfig", c.State.Kubeconfig()}, {"logs", c.State.Logs()},
		{"process", fmt.Sprint(process.PID)}, {"API server", cluster.Plan().Server() + " " + health(ctx, get(ctx, client, cluster.Plan().Server()+"/readyz", ""))},
	}
	if cluster.Worker {
		rows = append(rows, c.addresses(ctx, cluster)...)
	}
	for _, row := range rows {
		if _, err := fmt.Fprintf(out, "%-12s%s\n", row[0], row[1]); err != nil {
			return err
		}
	}
	return nil
}

func health(_ context.Context, err error) string {
	if err != nil {
		return "not ready: " + err.Error()
	}
	return "ready"
}

// addresses are those the host reaches the gateway and Prometheus at.
func (c Cluster) addresses(ctx context.Context, cluster spec.Spec) [][2]string {
	control := kubectl{program: cluster.Kube, kubeconfig: c.State.Kubeconfig()}
	var rows [][2]string
	for _, service := range []struct{ name, namespace, service, port string }{
		{"gateway", gatewayNamespace, gatewayName, ""},
		{"Prometheus", "monitoring", "prometheus", ":9090"},
	} {
		address, err := control.output(ctx, "--namespace="+service.namespace, "get", "service", service.service, "--output=jsonpath={.spec.clusterIP}")
		if err != nil {
			address = "unknown: " + err.Error()
		}
		rows = append(rows, [2]string{service.name, "http://" + address + service.port})
	}
	return rows
}

// Kubectl runs the cluster's kubectl in place of this process's caller.
func (c Cluster) Kubectl(ctx context.Context, args []string) error {
	program, err := c.kubeProgram(ctx)
	if err != nil {
		return err
	}
	command := kubectl{program: program, kubeconfig: c.kubeconfig()}.command(ctx, args...)
	command.Stdin, command.Stdout, command.Stderr = os.Stdin, os.Stdout, os.Stderr
	return command.Run()
}

// kubeProgram is that of the running cluster, else it is built.
func (c Cluster) kubeProgram(ctx context.Context) (string, error) {
	if cluster, err := spec.Load(c.State); err == nil {
		return cluster.Kube, nil
	}
	set, err := c.Build(ctx, parts.Needs{})
	return set.Kube, err
}

// Logs prints the end of a component's log, or says which logs there are.
func (c Cluster) Logs(component string, lines int, out io.Writer) error {
	if component == "" {
		files, err := filepath.Glob(filepath.Join(c.State.Logs(), "*"))
		if err == nil {
			_, err = fmt.Fprintln(out, strings.Join(files, "\n"))
		}
		return err
	}
	data, err := os.ReadFile(c.State.Log(component))
	if err != nil {
		return fmt.Errorf("log of %s: %w", component, err)
	}
	all := strings.SplitAfter(string(data), "\n")
	_, err = fmt.Fprint(out, strings.Join(all[max(0, len(all)-lines-1):], ""))
	return err
}

// SaveOperator writes the operator's image, made of a build of it.
func (c Cluster) SaveOperator(binary, file string) error {
	recipe, err := image.Operator(binary)
	if err != nil {
		return err
	}
	return recipe.Save(file)
}

// SaveLoadtester writes the load tester's image, made of a build of the operator.
func (c Cluster) SaveLoadtester(ctx context.Context, binary, file string) error {
	set, err := c.Build(ctx, parts.Needs{Worker: true})
	if err != nil {
		return err
	}
	recipe, err := image.Loadtester(binary, image.Tools{Debian: set.Debian, Hey: set.Hey})
	if err != nil {
		return err
	}
	return recipe.Save(file)
}
