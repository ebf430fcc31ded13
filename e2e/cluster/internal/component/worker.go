package component

import (
	"path/filepath"

	"serin.dev/e2e/cluster/internal/spec"
)

// worker are the processes that run pods, and name their Services.
func worker(cluster spec.Spec) []Process {
	return []Process{containerd(cluster), kubelet(cluster), kubeProxy(cluster), coreDNS(cluster)}
}

func containerd(cluster spec.Spec) Process {
	return Process{
		Name:    "containerd",
		Program: filepath.Join(cluster.Debian, "usr/bin/containerd"),
		Args:    []string{"containerd", "--config=" + configFile(cluster, "containerd.toml")},
	}
}

func kubelet(cluster spec.Spec) Process {
	return kube(cluster, "kubelet",
		"--config="+configFile(cluster, "kubelet.yaml"),
		"--kubeconfig="+cluster.State().PKI("kubelet.kubeconfig"),
		"--root-dir=/var/lib/kubelet",
		"--hostname-override="+cluster.Plan().NodeName(),
		"--node-ip="+cluster.Plan().NodeIP().String(),
	)
}

func kubeProxy(cluster spec.Spec) Process {
	return kube(cluster, "kube-proxy", "--config="+configFile(cluster, "kube-proxy.yaml"))
}

// coreDNS listens on the node's own address: pods have that as their name server.
func coreDNS(cluster spec.Spec) Process {
	return Process{
		Name:    "coredns",
		Program: cluster.CoreDNS,
		Args:    []string{"coredns", "-conf", configFile(cluster, "Corefile")},
	}
}

// fakeNodes is KWOK, which plays nodes and their pods without running anything.
func fakeNodes(cluster spec.Spec) Process {
	args := []string{
		"kwok",
		"--kubeconfig=" + cluster.State().PKI("kwok.kubeconfig"),
		"--manage-nodes-with-label-selector=type=kwok",
		"--cidr=" + cluster.Plan().PodCIDR().String(),
		"--node-ip=" + cluster.Plan().NodeIP().String(),
		// Without leases the nodes count as lost after 50 seconds, and their pods as not ready.
		"--node-lease-duration-seconds=40",
		"--v=warn", // else a line for each patch
	}
	for _, stage := range cluster.KwokStages {
		args = append(args, "--config="+stage)
	}
	return Process{Name: "kwok", Program: cluster.Kwok, Args: args}
}
