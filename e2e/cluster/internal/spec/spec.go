// Package spec is the specification of a cluster, handed from the command to the node.
package spec

import (
	"encoding/json"
	"fmt"
	"os"

	"serin.dev/e2e/cluster/internal/layout"
)

// Spec says what a cluster is made of. Paths are absolute.
type Spec struct {
	// Dir is the state folder.
	Dir   string
	Index int
	// Worker is false for a control plane alone, which runs no pods.
	Worker bool
	// FakeNodes is how many nodes KWOK pretends to be; 0 leaves KWOK out.
	FakeNodes int
	// Cache holds all the parts below.
	Cache string
	// Kube, CoreDNS and Kwok are programs; Kwok is empty when FakeNodes is 0.
	Kube, CoreDNS, Kwok string
	// KwokStages are files that say how fake nodes and pods behave.
	KwokStages []string
	// Debian is the root of the unpacked Debian packages: containerd, runc, CNI plugins, nft.
	Debian string
}

// State is the state folder.
func (s Spec) State() layout.State { return layout.State{Dir: s.Dir} }

// Plan is the cluster's addressing.
func (s Spec) Plan() layout.Plan { return layout.Plan{Index: s.Index} }

// Save keeps the specification in the state folder.
func (s Spec) Save() error {
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return fmt.Errorf("cluster specification: %w", err)
	}
	if err := os.WriteFile(s.State().Spec(), data, 0o644); err != nil {
		return fmt.Errorf("cluster specification: %w", err)
	}
	return nil
}

// Load reads the specification of the cluster in a state folder.
func Load(state layout.State) (Spec, error) {
	data, err := os.ReadFile(state.Spec())
	if err != nil {
		return Spec{}, fmt.Errorf("cluster specification: %w", err)
	}
	var spec Spec
	if err := json.Unmarshal(data, &spec); err != nil {
		return Spec{}, fmt.Errorf("cluster specification %s: %w", state.Spec(), err)
	}
	return spec, nil
}
