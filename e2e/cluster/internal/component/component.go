// Package component says which processes a cluster consists of, with their flags and files.
package component

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"text/template"

	"serin.dev/e2e/cluster/internal/spec"
)

// Process is one component.
type Process struct {
	Name string
	// Program is the path of the executable.
	Program string
	// Args start with the program's name.
	Args []string
	// ReadyURL answers 200 as soon as those that follow may start; empty: they need not wait.
	ReadyURL string
}

//go:embed config
var templates embed.FS

// All are the cluster's processes in the order of their start. Their configuration files
// are written to the state folder.
func All(cluster spec.Spec) ([]Process, error) {
	if err := writeConfig(cluster); err != nil {
		return nil, err
	}
	processes := controlPlane(cluster)
	if cluster.Worker {
		processes = append(processes, worker(cluster)...)
	}
	if cluster.FakeNodes > 0 {
		processes = append(processes, fakeNodes(cluster))
	}
	return processes, nil
}

// view is what the templates see.
type view struct {
	spec.Spec
	PKI, Containerd, CNI string
}

// Socket is where containerd listens, on the node.
const Socket = "/run/containerd/containerd.sock"

func writeConfig(cluster spec.Spec) error {
	files, err := templates.ReadDir("config")
	if err != nil {
		return fmt.Errorf("component configuration: %w", err)
	}
	state := cluster.State()
	data := view{Spec: cluster, PKI: state.Path("pki"), Containerd: Socket, CNI: state.Path("config", "cni")}
	for _, file := range files {
		if err := render(file.Name(), configFile(cluster, file.Name()), data); err != nil {
			return fmt.Errorf("component configuration %s: %w", file.Name(), err)
		}
	}
	return nil
}

// configFile is where a configuration file is; containerd wants that of CNI in a folder alone.
func configFile(cluster spec.Spec, name string) string {
	if filepath.Ext(name) == ".conflist" {
		return cluster.State().Path("config", "cni", name)
	}
	return cluster.State().Path("config", name)
}

func render(name, target string, data view) error {
	parsed, err := template.New(name).Option("missingkey=error").ParseFS(templates, "config/"+name)
	if err != nil {
		return err
	}
	out, err := os.Create(target)
	if err != nil {
		return err
	}
	defer func() { _ = out.Close() }()
	if err := parsed.Execute(out, data); err != nil {
		return err
	}
	return out.Close()
}
