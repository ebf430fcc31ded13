// Package layout says where a cluster's addresses and files are.
package layout

import (
	"fmt"
	"hash/fnv"
	"net/netip"
)

// MaxIndex is the largest index a Plan can have; the smallest is 1.
const MaxIndex = 250

// Plan is the addressing of one cluster. Plans of different indices share no address,
// so several clusters can run side by side on one machine.
type Plan struct {
	// Index picks the address ranges, 1..=MaxIndex.
	Index int
}

// NewPlan checks that the index is in range.
func NewPlan(index int) (Plan, error) {
	if index < 1 || index > MaxIndex {
		return Plan{}, fmt.Errorf("cluster index %d is out of range: choose one of 1..%d", index, MaxIndex)
	}
	return Plan{Index: index}, nil
}

// PreferredIndex derives an index from the state folder, so that two clones of the
// repository on one machine rarely want the same addresses.
func PreferredIndex(dir string) int {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(dir))
	return 1 + int(hash.Sum32()%MaxIndex)
}

// HostIP is the host's end of the link to the node.
func (p Plan) HostIP() netip.Addr { return netip.AddrFrom4([4]byte{10, 250, byte(p.Index), 1}) }

// NodeIP is the node's end of the link; the API server and the DNS listen there.
func (p Plan) NodeIP() netip.Addr { return netip.AddrFrom4([4]byte{10, 250, byte(p.Index), 2}) }

// LinkCIDR covers HostIP and NodeIP.
func (p Plan) LinkCIDR() netip.Prefix { return netip.PrefixFrom(p.HostIP(), 30).Masked() }

// PodCIDR is the range of pod addresses: 16,382 of them, enough for 2,000 Canaries with five pods each.
func (p Plan) PodCIDR() netip.Prefix { return p.block(128, 18) }

// ServiceCIDR is the range of cluster IPs: 8,190 of them, enough for 2,000 Canaries with three Services each.
func (p Plan) ServiceCIDR() netip.Prefix { return p.block(96, 19) }

// APIServiceIP is the cluster IP of the Service "kubernetes", the first of its range.
func (p Plan) APIServiceIP() netip.Addr { return p.ServiceCIDR().Addr().Next() }

// NodeName is the name of the node, and its host name.
func (p Plan) NodeName() string { return fmt.Sprintf("serin-%d", p.Index) }

// Link is the name of the host's network interface towards the node.
func (p Plan) Link() string { return fmt.Sprintf("serin%d", p.Index) }

// Cgroup is the name of the cgroup that holds the pods, under the root of each hierarchy.
func (p Plan) Cgroup() string { return fmt.Sprintf("serin-%d", p.Index) }

// Server is the URL of the API server.
func (p Plan) Server() string { return fmt.Sprintf("https://%s:6443", p.NodeIP()) }

// Ranges are all the address ranges the host must not use for anything else.
func (p Plan) Ranges() []netip.Prefix {
	return []netip.Prefix{p.LinkCIDR(), p.PodCIDR(), p.ServiceCIDR()}
}

// block is the index-th range of this many bits from 10.<base>.0.0 on.
func (p Plan) block(base, bits int) netip.Prefix {
	offset := p.Index << (32 - bits)
	address := netip.AddrFrom4([4]byte{10, byte(base + offset>>16), byte(offset >> 8), 0})
	return netip.PrefixFrom(address, bits)
}
