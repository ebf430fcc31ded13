package component

import "serin.dev/e2e/cluster/internal/spec"

const etcdURL = "http://127.0.0.1:2379"

func controlPlane(cluster spec.Spec) []Process {
	return []Process{etcd(cluster), apiServer(cluster), controllerManager(cluster), scheduler(cluster)}
}

// kube is a process of the program that holds all Kubernetes components.
func kube(cluster spec.Spec, name string, args ...string) Process {
	return Process{Name: name, Program: cluster.Kube, Args: append([]string{"kube", name}, args...)}
}

func etcd(cluster spec.Spec) Process {
	process := kube(cluster, "etcd", "--data-dir="+cluster.State().Path("etcd"), "--client-url="+etcdURL)
	process.ReadyURL = etcdURL + "/health"
	return process
}

func apiServer(cluster spec.Spec) Process {
	pki := cluster.State().PKI
	process := kube(cluster, "kube-apiserver",
		"--etcd-servers="+etcdURL,
		"--advertise-address="+cluster.Plan().NodeIP().String(),
		"--secure-port=6443",
		"--cert-dir="+cluster.State().Path("pki"),
		"--tls-cert-file="+pki("apiserver.crt"),
		"--tls-private-key-file="+pki("apiserver.key"),
		"--client-ca-file="+pki("ca.crt"),
		"--kubelet-certificate-authority="+pki("ca.crt"),
		"--kubelet-client-certificate="+pki("kubelet-client.crt"),
		"--kubelet-client-key="+pki("kubelet-client.key"),
		// No DNS knows the node's name.
		"--kubelet-preferred-address-types=InternalIP",
		"--requestheader-client-ca-file="+pki("front-ca.crt"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file="+pki("front-proxy.crt"),
		"--proxy-client-key-file="+pki("front-proxy.key"),
		"--service-account-issuer=https://kubernetes.default.svc.cluster.local",
		"--service-account-key-file="+pki("sa.pub"),
		"--service-account-signing-key-file="+pki("sa.key"),
		"--service-cluster-ip-range="+cluster.Plan().ServiceCIDR().String(),
		"--authorization-mode=Node,RBAC",
		"--enable-admission-plugins=NodeRestriction",
		"--allow-privileged=true",
		"--profiling=false",
	)
	process.ReadyURL = cluster.Plan().Server() + "/readyz"
	return process
}

func controllerManager(cluster spec.Spec) Process {
	pki := cluster.State().PKI
	kubeconfig := pki("kube-controller-manager.kubeconfig")
	return kube(cluster, "kube-controller-manager",
		"--kubeconfig="+kubeconfig,
		"--authentication-kubeconfig="+kubeconfig,
		"--authorization-kubeconfig="+kubeconfig,
		"--leader-elect=false",
		"--use-service-account-credentials=true",
		"--service-account-private-key-file="+pki("sa.key"),
		"--root-ca-file="+pki("ca.crt"),
		"--cluster-signing-cert-file="+pki("ca.crt"),
		"--cluster-signing-key-file="+pki("ca.key"),
		"--allocate-node-cidrs=false",
		"--bind-address=127.0.0.1",
		"--controllers=*,-cloud-node-lifecycle-controller",
		"--kube-api-qps=200",
		"--kube-api-burst=400",
		"--horizontal-pod-autoscaler-sync-period=5s",
		// The default is a folder of the host.
		"--flex-volume-plugin-dir=/var/lib/kubelet/volumeplugins",
	)
}

func scheduler(cluster spec.Spec) Process {
	kubeconfig := cluster.State().PKI("kube-scheduler.kubeconfig")
	return kube(cluster, "kube-scheduler",
		"--config="+configFile(cluster, "kube-scheduler.yaml"),
		"--authentication-kubeconfig="+kubeconfig,
		"--authorization-kubeconfig="+kubeconfig,
		"--bind-address=127.0.0.1",
	)
}
