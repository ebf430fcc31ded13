// Package proc remembers and ends processes by their id.
package proc

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const pollInterval = 50 * time.Millisecond

// Process is a process of this machine. Its start time tells it from a later one of the same id.
type Process struct {
	PID   int
	start string
}

// Find looks a running process up.
func Find(pid int) (Process, error) {
	start, err := startTime(pid)
	if err != nil {
		return Process{}, fmt.Errorf("process %d: %w", pid, err)
	}
	return Process{PID: pid, start: start}, nil
}

// Save writes the process to a file.
func (p Process) Save(file string) error {
	return os.WriteFile(file, fmt.Appendf(nil, "%d %s\n", p.PID, p.start), 0o644)
}

// Load reads the process a file names; ok is false when there is no file or the process has ended.
func Load(file string) (process Process, ok bool) {
	data, err := os.ReadFile(file)
	if err != nil {
		return Process{}, false
	}
	fields := strings.Fields(string(data))
	if len(fields) != 2 {
		return Process{}, false
	}
	pid, err := strconv.Atoi(fields[0])
	if err != nil {
		return Process{}, false
	}
	process = Process{PID: pid, start: fields[1]}
	return process, process.Running()
}

// Running says whether the process is still there; one that has ended but was not waited for is not.
func (p Process) Running() bool {
	start, err := startTime(p.PID)
	return err == nil && start == p.start
}

// Stop asks the process to end, and kills it when it has not after the grace period.
func (p Process) Stop(ctx context.Context, grace time.Duration) error {
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	if p.wait(ctx, grace) {
		return nil
	}
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	if p.wait(ctx, grace) {
		return nil
	}
	return fmt.Errorf("process %d does not end", p.PID)
}

func (p Process) signal(signal syscall.Signal) error {
	if !p.Running() {
		return nil
	}
	if err := syscall.Kill(p.PID, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal process %d: %w", p.PID, err)
	}
	return nil
}

func (p Process) wait(ctx context.Context, limit time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for p.Running() {
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pollInterval):
		}
	}
	return true
}

// startTime is field 22 of /proc/PID/stat. A zombie counts as ended.
func startTime(pid int) (string, error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", err
	}
	// The second field is the program's name in brackets and may hold blanks.
	_, rest, found := strings.Cut(string(data), ") ")
	fields := strings.Fields(rest)
	if !found || len(fields) < 20 {
		return "", errors.New("unreadable /proc/PID/stat")
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return "", os.ErrProcessDone
	}
	return fields[19], nil
}
