package cluster

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"serin.dev/e2e/cluster/internal/layout"
	"serin.dev/e2e/cluster/internal/parts"
)

// instead is what to do where the local cluster cannot run.
const instead = "use a cluster of your own instead (kind, k3d): set SERIN_CLUSTER=existing and KUBECONFIG"

// checkMachine says why a cluster cannot run here, all reasons at once.
func checkMachine() error {
	var reasons []string
	if runtime.GOOS != "linux" {
		reasons = append(reasons, "this is "+runtime.GOOS+", not Linux")
	} else if os.Geteuid() != 0 {
		reasons = append(reasons, "it needs root, for namespaces, mounts and cgroups")
	}
	if layout.Multiarch == "" {
		reasons = append(reasons, "the parts exist for amd64 and arm64, not for "+runtime.GOARCH)
	}
	if len(reasons) == 0 {
		return nil
	}
	return fmt.Errorf("the local cluster cannot run here: %s; %s", strings.Join(reasons, "; "), instead)
}

// checkTools names everything that is needed to build the parts and is missing.
func checkTools(needs parts.Needs) error {
	var missing []string
	if _, err := exec.LookPath("go"); err != nil {
		missing = append(missing, "go")
	}
	if needs.Worker {
		missing = append(missing, parts.Debian{}.Missing()...)
	}
	if len(missing) == 0 {
		return nil
	}
	return errors.New("missing on this machine: " + strings.Join(missing, ", ") + "; " + instead)
}
