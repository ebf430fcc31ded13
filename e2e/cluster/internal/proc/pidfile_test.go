package proc

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

func start(t *testing.T) Process {
	t.Helper()
	command := exec.Command("sleep", "60")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })
	process, err := Find(command.Process.Pid)
	if err != nil {
		t.Skip(err)
	}
	return process
}

func TestStopEndsTheProcess(t *testing.T) {
	process := start(t)
	if !process.Running() {
		t.Fatal("not running after start")
	}
	if err := process.Stop(t.Context(), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	if process.Running() {
		t.Error("still running")
	}
}

func TestSavedProcessIsFoundAgain(t *testing.T) {
	process, file := start(t), filepath.Join(t.TempDir(), "pid")
	if err := process.Save(file); err != nil {
		t.Fatal(err)
	}
	if found, ok := Load(file); !ok || found != process {
		t.Errorf("got %+v %t, want %+v", found, ok, process)
	}
}

func TestAnotherProcessOfTheSameIDIsNotOurs(t *testing.T) {
	process, file := start(t), filepath.Join(t.TempDir(), "pid")
	process.start += "1"
	if err := process.Save(file); err != nil {
		t.Fatal(err)
	}
	if _, ok := Load(file); ok {
		t.Error("took a stranger for ours")
	}
}

func TestNoFileMeansNoProcess(t *testing.T) {
	for _, content := range []string{"", "x y", "12"} {
		file := filepath.Join(t.TempDir(), "pid")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, ok := Load(file); ok {
			t.Errorf("%q names a process", content)
		}
	}
}
