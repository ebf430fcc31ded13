package pki

import (
	"encoding/base64"
	"fmt"
)

const kubeconfigTemplate = `apiVersion: v1
kind: Config
clusters:
- name: serin
  cluster:
    server: %s
    certificate-authority-data: %s
users:
- name: serin
  user:
    client-certificate-data: %s
    client-key-data: %s
contexts:
- name: serin
  context: {cluster: serin, user: serin}
current-context: serin
`

// Kubeconfig is a kubeconfig file for one user of one server; authority is PEM.
func Kubeconfig(server string, authority []byte, user Pair) []byte {
	encode := base64.StdEncoding.EncodeToString
	return fmt.Appendf(nil, kubeconfigTemplate, server, encode(authority), encode(user.Certificate), encode(user.Key))
}
