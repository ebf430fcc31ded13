package layout

import (
	"net/netip"
	"testing"
)

func TestAddressesOfAnIndex(t *testing.T) {
	plan, err := NewPlan(37)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ what, got, want string }{
		{"host", plan.HostIP().String(), "10.250.37.1"},
		{"node", plan.NodeIP().String(), "10.250.37.2"},
		{"link", plan.LinkCIDR().String(), "10.250.37.0/30"},
		{"pods", plan.PodCIDR().String(), "10.137.64.0/18"},
		{"services", plan.ServiceCIDR().String(), "10.100.160.0/19"},
		{"API service", plan.APIServiceIP().String(), "10.100.160.1"},
		{"server", plan.Server(), "https://10.250.37.2:6443"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", c.what, c.got, c.want)
		}
	}
}

func TestNoTwoPlansOverlap(t *testing.T) {
	var taken []netip.Prefix
	for index := 1; index <= MaxIndex; index++ {
		for _, mine := range (Plan{Index: index}).Ranges() {
			for _, other := range taken {
				if mine.Overlaps(other) {
					t.Fatalf("index %d: %s overlaps %s", index, mine, other)
				}
			}
			taken = append(taken, mine)
		}
	}
}

func TestIndexOutOfRangeIsRefused(t *testing.T) {
	for _, index := range []int{-1, 0, MaxIndex + 1} {
		if _, err := NewPlan(index); err == nil {
			t.Errorf("index %d was accepted", index)
		}
	}
}

func TestPreferredIndexIsStableAndInRange(t *testing.T) {
	for _, dir := range []string{"", "/a/.cluster", "/b/.cluster"} {
		index := PreferredIndex(dir)
		if index != PreferredIndex(dir) || index < 1 || index > MaxIndex {
			t.Errorf("%q: %d", dir, index)
		}
	}
}

func TestInterfaceNamesFitTheKernel(t *testing.T) {
	if name := (Plan{Index: MaxIndex}).Link(); len(name) > 15 {
		t.Errorf("%s is longer than 15 characters", name)
	}
}
