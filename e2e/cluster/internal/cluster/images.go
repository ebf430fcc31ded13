package cluster

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"serin.dev/e2e/cluster/internal/component"
	"serin.dev/e2e/cluster/internal/layout"
	"serin.dev/e2e/cluster/internal/proc"
	"serin.dev/e2e/cluster/internal/spec"
)

const containerdTimeout = 5 * time.Minute

// LoadImages puts docker-archives into the running cluster.
func (c Cluster) LoadImages(ctx context.Context, files []string) error {
	cluster, err := spec.Load(c.State)
	if err != nil {
		return fmt.Errorf("no cluster in %s; run `up` first", c.State.Dir)
	}
	if !cluster.Worker {
		return errors.New("this cluster is a control plane alone and runs no images")
	}
	for _, file := range files {
		if err := c.importImage(ctx, cluster, file); err != nil {
			return err
		}
	}
	return nil
}

// importImage reaches containerd through the process's root, which is the node's.
func (c Cluster) importImage(ctx context.Context, cluster spec.Spec, file string) error {
	process, running := c.Running()
	if !running {
		return fmt.Errorf("the cluster in %s does not run; run `up` first", c.State.Dir)
	}
	if _, err := os.Stat(file); err != nil {
		return fmt.Errorf("load an image: %w", err)
	}
	program, err := layout.FindProgram(cluster.Debian, "ctr")
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, program, "--address", containerdSocket(process), "--namespace", "k8s.io", "images", "import", file)
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("load image %s: %w: %s", file, err, strings.TrimSpace(string(out)))
	}
	return nil
}

// loadMissing loads those of the cluster's own images that it has not got yet, and notes them.
func (c Cluster) loadMissing(ctx context.Context, files []string) error {
	cluster, err := spec.Load(c.State)
	if err != nil {
		return err
	}
	if err := c.awaitContainerd(ctx); err != nil {
		return err
	}
	loaded := c.loadedImages()
	for _, file := range files {
		if slices.Contains(loaded, file) {
			continue
		}
		c.Report("loading image %s", strings.TrimSuffix(filepath.Base(file), ".tar"))
		if err := c.importImage(ctx, cluster, file); err != nil {
			return err
		}
		loaded = append(loaded, file)
		if err := c.noteImages(loaded); err != nil {
			return err
		}
	}
	return nil
}

// containerdSocket is the node's socket, seen from here.
func containerdSocket(process proc.Process) string {
	return fmt.Sprintf("/proc/%d/root%s", process.PID, component.Socket)
}

func (c Cluster) awaitContainerd(ctx context.Context) error {
	return until(ctx, containerdTimeout, "containerd answers", func(ctx context.Context) error {
		process, running := c.Running()
		if !running {
			return errors.New("the cluster's process has ended")
		}
		connection, err := (&net.Dialer{}).DialContext(ctx, "unix", containerdSocket(process))
		if err == nil {
			err = connection.Close()
		}
		return err
	})
}

func (c Cluster) loadedImages() []string {
	data, err := os.ReadFile(c.State.Path("images.json"))
	if err != nil {
		return nil
	}
	var files []string
	if json.Unmarshal(data, &files) != nil {
		return nil
	}
	return files
}

func (c Cluster) noteImages(files []string) error {
	data, err := json.Marshal(files)
	if err != nil {
		return err
	}
	return os.WriteFile(c.State.Path("images.json"), data, 0o644)
}
