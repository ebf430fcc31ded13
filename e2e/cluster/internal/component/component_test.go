package component

import (
	"os"
	"slices"
	"strings"
	"testing"

	"serin.dev/e2e/cluster/internal/spec"
)

func cluster(t *testing.T) spec.Spec {
	t.Helper()
	made := spec.Spec{
		Dir: t.TempDir(), Index: 7, Worker: true, FakeNodes: 1, Kube: "/parts/kube", CoreDNS: "/parts/coredns",
		Kwok: "/parts/kwok", KwokStages: []string{"/parts/stage.yaml"}, Debian: "/parts/debian",
	}
	if err := made.State().Create(); err != nil {
		t.Fatal(err)
	}
	return made
}

func names(processes []Process) []string {
	var all []string
	for _, process := range processes {
		all = append(all, process.Name)
	}
	return all
}

func TestWhatRunsDependsOnTheKindOfCluster(t *testing.T) {
	control := []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"}
	worker := []string{"containerd", "kubelet", "kube-proxy", "coredns"}
	for _, c := range []struct {
		name   string
		change func(*spec.Spec)
		want   []string
	}{
		{"all", func(*spec.Spec) {}, slices.Concat(control, worker, []string{"kwok"})},
		{"no fake nodes", func(s *spec.Spec) { s.FakeNodes = 0 }, slices.Concat(control, worker)},
		{"control plane", func(s *spec.Spec) { s.Worker, s.FakeNodes = false, 0 }, control},
	} {
		t.Run(c.name, func(t *testing.T) {
			made := cluster(t)
			c.change(&made)
			processes, err := All(made)
			if err != nil {
				t.Fatal(err)
			}
			if got := names(processes); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestThoseThatFollowWaitForEtcdAndTheAPIServer(t *testing.T) {
	processes, err := All(cluster(t))
	if err != nil {
		t.Fatal(err)
	}
	for index, process := range processes {
		if waited := process.ReadyURL != ""; waited != (index < 2) {
			t.Errorf("%s: ready URL %q", process.Name, process.ReadyURL)
		}
	}
}

func TestEveryFileAFlagNamesIsWritten(t *testing.T) {
	made := cluster(t)
	processes, err := All(made)
	if err != nil {
		t.Fatal(err)
	}
	config := made.State().Path("config")
	for _, process := range processes {
		for _, arg := range process.Args {
			_, value, found := strings.Cut(arg, "=")
			if !found {
				value = arg
			}
			if strings.HasPrefix(value, config) {
				if _, err := os.Stat(value); err != nil {
					t.Errorf("%s %s: %v", process.Name, arg, err)
				}
			}
		}
	}
}

func TestConfigurationHasTheClustersAddresses(t *testing.T) {
	made := cluster(t)
	if _, err := All(made); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ file, want string }{
		{"Corefile", "bind 10.250.7.2"},
		{"cni/10-bridge.conflist", made.Plan().PodCIDR().String()},
		{"kubelet.yaml", "cgroupRoot: /serin-7"},
		{"kube-proxy.yaml", "hostnameOverride: serin-7"},
		{"containerd.toml", "/parts/debian/usr/lib/cni"},
	} {
		data, err := os.ReadFile(made.State().Path("config", c.file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data), c.want) {
			t.Errorf("%s has no %q", c.file, c.want)
		}
	}
}
