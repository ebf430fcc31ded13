package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"serin.dev/e2e/cluster/internal/parts"
)

// Existing says whether the user brings a cluster: SERIN_CLUSTER=existing.
func Existing() bool { return os.Getenv("SERIN_CLUSTER") == "existing" }

// CheckExisting says whether the user's cluster can be used; it changes nothing in it.
func (c Cluster) CheckExisting(ctx context.Context) error {
	kubeconfig := os.Getenv("KUBECONFIG")
	if kubeconfig == "" {
		return errors.New("SERIN_CLUSTER=existing needs KUBECONFIG to name the cluster's kubeconfig")
	}
	for _, file := range filepath.SplitList(kubeconfig) {
		if _, err := os.Stat(file); err != nil {
			return fmt.Errorf("KUBECONFIG: %w", err)
		}
	}
	set, err := c.Build(ctx, parts.Needs{})
	if err != nil {
		return err
	}
	control := kubectl{program: set.Kube, kubeconfig: kubeconfig}
	if _, err := control.output(ctx, "--request-timeout=10s", "get", "--raw=/readyz"); err != nil {
		return fmt.Errorf("the cluster of %s cannot be reached: %w", kubeconfig, err)
	}
	if _, err := control.output(ctx, "get", "crd", "httproutes.gateway.networking.k8s.io"); err != nil {
		return fmt.Errorf("the cluster of %s has no Gateway API: install its standard resource definitions and an implementation: %w", kubeconfig, err)
	}
	return nil
}
