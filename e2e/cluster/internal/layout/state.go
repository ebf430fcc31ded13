package layout

import (
	"fmt"
	"os"
	"path/filepath"
)

// State is the folder that holds everything one cluster keeps on disk.
type State struct {
	// Dir is an absolute path.
	Dir string
}

// Path is a file or folder inside the state folder.
func (s State) Path(elements ...string) string {
	return filepath.Join(append([]string{s.Dir}, elements...)...)
}

// PKI holds certificates, keys and the components' kubeconfigs.
func (s State) PKI(file string) string { return s.Path("pki", file) }

// Logs holds a file for each component and a folder for each pod.
func (s State) Logs() string { return s.Path("logs") }

// Log is the log file of a component.
func (s State) Log(component string) string { return s.Path("logs", component+".log") }

// Kubeconfig is the administrator's kubeconfig.
func (s State) Kubeconfig() string { return s.Path("kubeconfig") }

// PidFile names the process that is the node's init.
func (s State) PidFile() string { return s.Path("init.pid") }

// Spec is where the running cluster's specification is kept.
func (s State) Spec() string { return s.Path("spec.json") }

// Create makes the state folder and those inside it.
func (s State) Create() error {
	for _, dir := range []string{"pki", "logs/pods", "etcd", "kubelet", "containerd", "config/cni", "mounts"} {
		if err := os.MkdirAll(s.Path(dir), 0o755); err != nil {
			return fmt.Errorf("make the state folder: %w", err)
		}
	}
	return nil
}
