package node

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"serin.dev/e2e/cluster/internal/component"
	"serin.dev/e2e/cluster/internal/spec"
)

const (
	restartDelay = 2 * time.Second
	readyTimeout = 5 * time.Minute
	readyPoll    = 50 * time.Millisecond
	// requestTimeout is for one question; the first ones may take a busy machine a while.
	requestTimeout = 10 * time.Second
	etcdGrace      = 3 * time.Second
)

// supervisor starts processes, starts them again when they end, and reaps whatever ends:
// it is the first process of its namespace, so orphans are its children too.
type supervisor struct {
	cluster spec.Spec

	mutex    sync.Mutex
	byPID    map[int]component.Process
	stopping bool
	etcdGone chan struct{}
}

func newSupervisor(cluster spec.Spec) *supervisor {
	return &supervisor{cluster: cluster, byPID: map[int]component.Process{}, etcdGone: make(chan struct{})}
}

// run returns when the process is asked to end. As the first process leaves, the kernel
// kills all others of the namespace.
func (s *supervisor) run(processes []component.Process) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	go s.reap()
	failed := make(chan error, 1)
	go func() {
		if err := s.startAll(processes); err != nil {
			failed <- err
		}
	}()
	select {
	case <-stop:
		s.stop()
		return nil
	case err := <-failed:
		return err
	}
}

func (s *supervisor) startAll(processes []component.Process) error {
	for _, process := range processes {
		s.start(process)
		if process.ReadyURL == "" {
			continue
		}
		if err := awaitReady(process); err != nil {
			return err
		}
		note("%s is ready", process.Name)
	}
	return nil
}

// start tries until it succeeds: a lack of memory, say, may pass.
func (s *supervisor) start(process component.Process) {
	for {
		err := s.tryStart(process)
		if err == nil {
			return
		}
		note("start %s: %v", process.Name, err)
		time.Sleep(restartDelay)
	}
}

func (s *supervisor) tryStart(process component.Process) error {
	log, err := os.OpenFile(s.cluster.State().Log(process.Name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return err
	}
	defer func() { _ = null.Close() }()
	// Held until the process is noted, so that reap finds it however soon it ends.
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.stopping {
		return nil
	}
	started, err := os.StartProcess(process.Program, process.Args, &os.ProcAttr{
		Dir: "/", Env: os.Environ(), Files: []*os.File{null, log, log},
	})
	if err != nil {
		return err
	}
	s.byPID[started.Pid] = process
	return started.Release()
}

func (s *supervisor) reap() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if errors.Is(err, syscall.ECHILD) {
			time.Sleep(readyPoll)
		}
		if err == nil {
			s.ended(pid, status)
		}
	}
}

func (s *supervisor) ended(pid int, status syscall.WaitStatus) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	process, ours := s.byPID[pid]
	if !ours {
		return
	}
	delete(s.byPID, pid)
	if !s.stopping {
		note("%s ended with status %d, signal %d; starting it again", process.Name, status.ExitStatus(), status.Signal())
		time.AfterFunc(restartDelay, func() { s.start(process) })
	} else if process.Name == "etcd" {
		close(s.etcdGone)
	}
}

// stop kills all but etcd, which it ends in order: the state is to outlive the cluster. Etcd
// comes last, because it waits for its clients to hang up.
func (s *supervisor) stop() {
	s.mutex.Lock()
	s.stopping = true
	etcd := 0
	for pid, process := range s.byPID {
		if process.Name == "etcd" {
			etcd = pid
		} else {
			_ = syscall.Kill(pid, syscall.SIGKILL) // it may have ended by itself
		}
	}
	s.mutex.Unlock()
	if etcd != 0 && syscall.Kill(etcd, syscall.SIGTERM) == nil {
		select {
		case <-s.etcdGone:
		case <-time.After(etcdGrace):
		}
	}
}

func awaitReady(process component.Process) error {
	// Whether it answers is all that is asked; who it is does not matter inside the namespace.
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec
	client := &http.Client{Timeout: requestTimeout, Transport: transport}
	defer transport.CloseIdleConnections()
	for end := time.Now().Add(readyTimeout); time.Now().Before(end); time.Sleep(readyPoll) {
		response, err := client.Get(process.ReadyURL)
		if err != nil {
			continue
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			return nil
		}
	}
	return fmt.Errorf("%s is not ready after %s", process.Name, readyTimeout)
}

func note(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%s %s\n", time.Now().Format(time.RFC3339), fmt.Sprintf(format, args...))
}
