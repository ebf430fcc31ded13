package pki

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"os"

	"serin.dev/e2e/cluster/internal/layout"
)

// Write makes every certificate, key and kubeconfig of the cluster, unless they are there.
func Write(state layout.State, plan layout.Plan) error {
	if _, err := os.Stat(state.Kubeconfig()); err == nil {
		return nil
	}
	w := writer{state: state, plan: plan}
	w.authorities()
	w.servers()
	w.serviceAccounts()
	w.users()
	if w.err != nil {
		return fmt.Errorf("make the cluster's certificates: %w", w.err)
	}
	return nil
}

// writer keeps the first error, so that the list of files below reads as a list.
type writer struct {
	state layout.State
	plan  layout.Plan
	root  *Authority
	front *Authority
	err   error
}

func (w *writer) authorities() {
	w.root = w.authority("ca")
	w.front = w.authority("front-ca")
}

func (w *writer) servers() {
	node := []string{w.plan.NodeName(), w.plan.NodeIP().String(), "127.0.0.1"}
	w.pair(w.root, "apiserver", Subject{User: "kube-apiserver", Hosts: append([]string{
		"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc",
		"kubernetes.default.svc.cluster.local", w.plan.APIServiceIP().String(),
	}, node...)})
	w.pair(w.root, "kubelet-server", Subject{User: "system:node:" + w.plan.NodeName(), Group: "system:nodes", Hosts: node})
	w.pair(w.root, "kubelet-client", Subject{User: "kube-apiserver-kubelet-client", Group: "system:masters"})
	w.pair(w.front, "front-proxy", Subject{User: "front-proxy-client"})
}

func (w *writer) users() {
	for _, user := range []struct{ file, name, group string }{
		{"kube-controller-manager", "system:kube-controller-manager", ""},
		{"kube-scheduler", "system:kube-scheduler", ""},
		{"kubelet", "system:node:" + w.plan.NodeName(), "system:nodes"},
		{"kube-proxy", "system:kube-proxy", ""},
		{"coredns", "system:coredns", ""},
		{"kwok", "kwok", "system:masters"},
	} {
		w.kubeconfig(w.state.PKI(user.file+".kubeconfig"), Subject{User: user.name, Group: user.group})
	}
	// Last, because its presence says that all the rest is complete.
	w.kubeconfig(w.state.Kubeconfig(), Subject{User: "admin", Group: "system:masters"})
}

func (w *writer) authority(name string) *Authority {
	if w.err != nil {
		return nil
	}
	var authority *Authority
	if authority, w.err = NewAuthority(name); w.err == nil {
		w.write(name, authority.Pair)
	}
	return authority
}

func (w *writer) pair(authority *Authority, file string, subject Subject) {
	if w.err != nil {
		return
	}
	var pair Pair
	if pair, w.err = authority.Issue(subject); w.err == nil {
		w.write(file, pair)
	}
}

func (w *writer) kubeconfig(path string, subject Subject) {
	if w.err != nil {
		return
	}
	var pair Pair
	if pair, w.err = w.root.Issue(subject); w.err == nil {
		w.file(path, Kubeconfig(w.plan.Server(), w.root.Certificate, pair))
	}
}

// serviceAccounts makes the key pair that signs service account tokens.
func (w *writer) serviceAccounts() {
	if w.err != nil {
		return
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		w.err = err
		return
	}
	private, err := encodeKey(key)
	if err != nil {
		w.err = err
		return
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		w.err = err
		return
	}
	w.file(w.state.PKI("sa.key"), private)
	w.file(w.state.PKI("sa.pub"), encode("PUBLIC KEY", public))
}

func (w *writer) write(name string, pair Pair) {
	w.file(w.state.PKI(name+".crt"), pair.Certificate)
	w.file(w.state.PKI(name+".key"), pair.Key)
}

func (w *writer) file(path string, content []byte) {
	if w.err == nil {
		w.err = os.WriteFile(path, content, 0o600)
	}
}
