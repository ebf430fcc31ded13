package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"serin.dev/e2e/cluster/internal/layout"
	"serin.dev/e2e/cluster/internal/parts"
)

const (
	nodeTimeout    = 5 * time.Minute
	gatewayTimeout = 5 * time.Minute
	// gatewayNamespace holds the Gateway, Envoy Gateway and Envoy.
	gatewayNamespace = "gateway-system"
	gatewayName      = "gateway"
	// prometheusHost is the host name under which the gateway serves Prometheus.
	prometheusHost = "prometheus.serin.local"
)

// addons puts into a cluster what the operator and its tests stand on.
type addons struct {
	cluster Cluster
	plan    layout.Plan
	set     parts.Set
	kubectl kubectl
}

// manifests is a folder of e2e/addons.
func (a addons) manifests(name string) string {
	return filepath.Join(a.cluster.Repository, "e2e", "addons", name)
}

// controlPlane is what also a cluster without pods has.
func (a addons) controlPlane(ctx context.Context) error {
	a.cluster.Report("applying the Gateway API's resource definitions")
	return a.kubectl.apply(ctx, a.set.GatewayCRDs)
}

// all loads the images and applies all manifests, and waits until requests come through.
func (a addons) all(ctx context.Context) error {
	load := func(images []string) func(context.Context) error {
		return func(ctx context.Context) error { return a.cluster.loadMissing(ctx, images) }
	}
	digest, err := a.digest()
	if err != nil {
		return err
	}
	if a.present(ctx, digest) {
		if err := load(append(a.set.SystemImages, a.set.Images...))(ctx); err != nil {
			return err
		}
		return a.awaitReady(ctx)
	}
	if err := parts.Together(ctx, load(a.set.SystemImages), a.foundation); err != nil {
		return err
	}
	a.cluster.Report("applying the gateway and Prometheus")
	if err := a.kubectl.apply(ctx, a.manifests("gateway"), a.manifests("prometheus")); err != nil {
		return err
	}
	if err := os.WriteFile(a.marker(), []byte(digest), 0o644); err != nil {
		return fmt.Errorf("note what was applied: %w", err)
	}
	return parts.Together(ctx, a.awaitReady, load(a.set.Images))
}

// marker keeps the digest of the manifests that were applied last.
func (a addons) marker() string { return a.cluster.State.Path("addons.digest") }

func (a addons) digest() (string, error) {
	manifests, err := parts.DigestFiles(a.manifests(""), ".")
	return parts.Key(manifests, a.set.GatewayCRDs, a.set.EnvoyCRDs), err
}

// present says whether these very manifests were applied and nobody has removed them since.
// Applying all of them again would take several seconds.
func (a addons) present(ctx context.Context, digest string) bool {
	applied, err := os.ReadFile(a.marker())
	if err != nil || string(applied) != digest {
		return false
	}
	for namespace, objects := range map[string]string{
		gatewayNamespace: "gateway/gateway,deployment/envoy-gateway,envoyproxy/local,gatewayclass/eg",
		"monitoring":     "deployment/prometheus,configmap/prometheus,httproute/prometheus,service/prometheus",
	} {
		args := append([]string{"--namespace=" + namespace, "get"}, strings.Split(objects, ",")...)
		if _, err := a.kubectl.output(ctx, args...); err != nil {
			return false
		}
	}
	return true
}

// foundation is what the other manifests refer to.
func (a addons) foundation(ctx context.Context) error {
	if err := a.controlPlane(ctx); err != nil {
		return err
	}
	if err := a.kubectl.apply(ctx, a.set.EnvoyCRDs, a.manifests("base")); err != nil {
		return err
	}
	if err := a.certificates(ctx); err != nil {
		return err
	}
	_, err := a.kubectl.output(ctx, "wait", "--for=condition=Established", "crd", "--all", "--timeout=5m")
	return err
}

// certificates lets Envoy Gateway make the Secrets it and Envoy prove themselves with.
func (a addons) certificates(ctx context.Context) error {
	if _, err := a.kubectl.output(ctx, "--namespace="+gatewayNamespace, "get", "secret", "envoy-gateway"); err == nil {
		return nil
	}
	command := exec.CommandContext(ctx, a.set.EnvoyGateway, "certgen", "--disable-topology-injector")
	command.Env = append(os.Environ(), "KUBECONFIG="+a.kubectl.kubeconfig, "ENVOY_GATEWAY_NAMESPACE="+gatewayNamespace)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("make the gateway's certificates: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

func (a addons) awaitReady(ctx context.Context) error {
	a.cluster.Report("waiting for the node, the gateway and Prometheus")
	return parts.Together(ctx,
		a.wait("node/"+a.plan.NodeName(), "condition=Ready", "default", nodeTimeout),
		a.wait("deployment/prometheus", "condition=Available", "monitoring", gatewayTimeout),
		func(ctx context.Context) error {
			if err := a.wait("gateway/"+gatewayName, "condition=Programmed", gatewayNamespace, gatewayTimeout)(ctx); err != nil {
				return err
			}
			return a.awaitRequest(ctx)
		},
	)
}

func (a addons) wait(object, condition, namespace string, limit time.Duration) func(context.Context) error {
	return func(ctx context.Context) error {
		return until(ctx, limit, object+" has "+condition, func(ctx context.Context) error {
			// It may not exist yet, which `kubectl wait` takes for a failure.
			_, err := a.kubectl.output(ctx, "--namespace="+namespace, "wait", object, "--for="+condition, "--timeout="+limit.String())
			return err
		})
	}
}

// awaitRequest waits for an answer through the gateway: Programmed alone says little.
func (a addons) awaitRequest(ctx context.Context) error {
	address, err := a.gatewayAddress(ctx)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: requestTimeout}
	return until(ctx, gatewayTimeout, "request through the gateway", func(ctx context.Context) error {
		return get(ctx, client, "http://"+address+"/-/ready", prometheusHost)
	})
}

func (a addons) gatewayAddress(ctx context.Context) (string, error) {
	return a.kubectl.output(ctx, "--namespace="+gatewayNamespace, "get", "gateway", gatewayName, "--output=jsonpath={.status.addresses[0].value}")
}

// fakeNodes makes the nodes that KWOK plays.
func (a addons) fakeNodes(ctx context.Context, count int) error {
	a.cluster.Report("making %d nodes for KWOK to play", count)
	var nodes strings.Builder
	for number := range count {
		if err := json.NewEncoder(&nodes).Encode(fakeNode(number)); err != nil {
			return err
		}
	}
	_, err := a.kubectl.feed(ctx, nodes.String(), "apply", "--server-side", "--force-conflicts", "--filename=-")
	return err
}

func fakeNode(number int) map[string]any {
	type object = map[string]any
	resources := object{"cpu": "128", "memory": "1Ti", "pods": "2000"}
	return object{
		"apiVersion": "v1",
		"kind":       "Node",
		"metadata": object{
			"name":        fmt.Sprintf("fake-%d", number),
			"labels":      object{"type": "kwok"},
			"annotations": object{"kwok.x-k8s.io/node": "fake"},
		},
		"status": object{"capacity": resources, "allocatable": resources},
	}
}
