package cluster

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"serin.dev/e2e/cluster/internal/layout"
	"serin.dev/e2e/cluster/internal/spec"
)

func open(t *testing.T) Cluster {
	t.Helper()
	t.Setenv("SERIN_CLUSTER_DIR", t.TempDir())
	cluster, err := Open("/repository", func(string, ...any) {})
	if err != nil {
		t.Fatal(err)
	}
	return cluster
}

func TestStateIsInTheRepositoryByDefault(t *testing.T) {
	t.Setenv("SERIN_CLUSTER_DIR", "")
	cluster, err := Open("/repository", nil)
	if err != nil || cluster.State.Dir != "/repository/.cluster" {
		t.Errorf("got %s, %v", cluster.State.Dir, err)
	}
}

func TestAClusterKeepsItsIndex(t *testing.T) {
	cluster := open(t)
	if err := (spec.Spec{Dir: cluster.State.Dir, Index: 9}).Save(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		wanted string
		fails  bool
	}{{"", false}, {"9", false}, {"10", true}} {
		t.Setenv("SERIN_CLUSTER_INDEX", c.wanted)
		if index, err := cluster.index(); index != 9 || (err != nil) != c.fails {
			t.Errorf("SERIN_CLUSTER_INDEX=%s: %d, %v", c.wanted, index, err)
		}
	}
}

func TestAWrongIndexIsRefused(t *testing.T) {
	for _, wanted := range []string{"x", "0", "251"} {
		t.Setenv("SERIN_CLUSTER_INDEX", wanted)
		if _, err := open(t).index(); err == nil {
			t.Errorf("%s was accepted", wanted)
		}
	}
}

func TestUntilTellsTheLastAnswer(t *testing.T) {
	err := until(t.Context(), time.Millisecond, "thing there", func(context.Context) error { return errors.New("no thing") })
	if err == nil || !strings.Contains(err.Error(), "thing there") || !strings.Contains(err.Error(), "no thing") {
		t.Errorf("got %v", err)
	}
}

func TestUntilAsksAgain(t *testing.T) {
	asked := 0
	err := until(t.Context(), time.Minute, "third answer", func(context.Context) error {
		if asked++; asked < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil || asked != 3 {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

func TestFakeNodesAreForKwok(t *testing.T) {
	node := fakeNode(3)
	metadata, ok := node["metadata"].(map[string]any)
	if !ok || metadata["name"] != "fake-3" {
		t.Errorf("metadata %v", node["metadata"])
	}
}

func TestDownOfNothingIsDone(t *testing.T) {
	cluster := open(t)
	cluster.State = layout.State{Dir: cluster.State.Path("missing")}
	if err := cluster.Down(t.Context(), true); err != nil {
		t.Error(err)
	}
}

func TestOnlyARunningClusterTakesImages(t *testing.T) {
	cluster := open(t)
	if err := cluster.LoadImages(t.Context(), []string{"x.tar"}); err == nil || !strings.Contains(err.Error(), "up") {
		t.Errorf("got %v", err)
	}
}
