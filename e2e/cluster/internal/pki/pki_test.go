package pki

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"strings"
	"testing"

	"serin.dev/e2e/cluster/internal/layout"
)

func parse(t *testing.T, data []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(data)
	if block == nil {
		t.Fatal("no PEM block")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func TestIssuedCertificateVerifiesForItsHosts(t *testing.T) {
	authority, err := NewAuthority("ca")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := authority.Issue(Subject{User: "u", Group: "g", Hosts: []string{"node", "10.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tls.X509KeyPair(pair.Certificate, pair.Key); err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority.Certificate)
	certificate := parse(t, pair.Certificate)
	for _, host := range []string{"node", "10.0.0.1"} {
		if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots, DNSName: host}); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if _, err := certificate.Verify(x509.VerifyOptions{Roots: roots, DNSName: "other"}); err == nil {
		t.Error("verifies for a host it does not name")
	}
	if certificate.Subject.CommonName != "u" || certificate.Subject.Organization[0] != "g" {
		t.Errorf("subject %s", certificate.Subject)
	}
}

func TestWriteIsCompleteAndKeepsWhatIsThere(t *testing.T) {
	state := layout.State{Dir: t.TempDir()}
	if err := state.Create(); err != nil {
		t.Fatal(err)
	}
	plan := layout.Plan{Index: 7}
	if err := Write(state, plan); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"ca.crt", "front-ca.crt", "apiserver.key", "sa.pub", "kubelet.kubeconfig", "coredns.kubeconfig"} {
		if _, err := os.Stat(state.PKI(file)); err != nil {
			t.Error(err)
		}
	}
	first := read(t, state.Kubeconfig())
	if !strings.Contains(string(first), plan.Server()) {
		t.Errorf("kubeconfig does not name %s", plan.Server())
	}
	if err := Write(state, plan); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, read(t, state.Kubeconfig())) {
		t.Error("a second call made new certificates")
	}
}

func TestOnlyAdministratorsAreMasters(t *testing.T) {
	state := layout.State{Dir: t.TempDir()}
	if err := state.Create(); err != nil {
		t.Fatal(err)
	}
	if err := Write(state, layout.Plan{Index: 7}); err != nil {
		t.Fatal(err)
	}
	certificate := parse(t, read(t, state.PKI("apiserver.crt")))
	if len(certificate.Subject.Organization) != 0 {
		t.Errorf("the API server's own certificate is in group %v", certificate.Subject.Organization)
	}
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
