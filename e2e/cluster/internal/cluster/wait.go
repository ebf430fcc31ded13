package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"serin.dev/e2e/cluster/internal/spec"
)

const (
	pollInterval = 100 * time.Millisecond
	// requestTimeout is for one question; the first ones may take a busy machine a while.
	requestTimeout = 10 * time.Second
)

// until asks again and again, for at most limit. The last answer is in the error.
func until(ctx context.Context, limit time.Duration, what string, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		err := ask(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: not within %s: %w", what, limit, err)
		case <-time.After(pollInterval):
		}
	}
}

// awaitAPI waits until the API server is ready, or the cluster has ended.
func (c Cluster) awaitAPI(ctx context.Context, cluster spec.Spec) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	err = until(ctx, apiTimeout, "API server ready", func(ctx context.Context) error {
		if _, running := c.Running(); !running {
			cancel(fmt.Errorf("the cluster's process has ended; see %s", c.State.Log("init")))
		}
		return get(ctx, client, cluster.Plan().Server()+"/readyz", "")
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// client trusts the cluster's certificate authority.
func (c Cluster) client() (*http.Client, error) {
	authority, err := os.ReadFile(c.State.PKI("ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("certificate authority of the cluster: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(authority)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	return &http.Client{Timeout: requestTimeout, Transport: transport}, nil
}

// get is nil when the URL answers 200; host replaces the URL's unless it is empty.
func get(ctx context.Context, client *http.Client, url, host string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	request.Host = host
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, response.Status)
	}
	return nil
}

// lock keeps two commands from working on one cluster at a time.
func (c Cluster) lock() (unlock func(), err error) {
	return c.lockFile(c.State.Path("lock"), "another command that works on this cluster")
}

// lockIndices keeps two clusters of this machine from starting at the same time: the second one is to see what the
// first one takes.
func (c Cluster) lockIndices() (unlock func(), err error) {
	return c.lockFile(filepath.Join(os.TempDir(), "serin-cluster.lock"), "another cluster that starts")
}

func (c Cluster) lockFile(name, holder string) (unlock func(), err error) {
	file, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock the cluster: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		c.Report("waiting for %s", holder)
		if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
			_ = file.Close()
			return nil, fmt.Errorf("lock the cluster: %w", err)
		}
	}
	return func() { _ = file.Close() }, nil
}
