package node

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"serin.dev/e2e/cluster/internal/layout"
)

// nodeLink is the name of the node's end of the link to the host.
const nodeLink = "eth0"

// Free says whether the host uses none of the plan's addresses and names.
func Free(plan layout.Plan) (bool, error) {
	if _, err := netlink.LinkByName(plan.Link()); err == nil {
		return false, nil
	}
	routes, err := netlink.RouteList(nil, netlink.FAMILY_V4)
	if err != nil {
		return false, fmt.Errorf("list the host's routes: %w", err)
	}
	for _, route := range routes {
		if route.Dst == nil {
			continue
		}
		taken, ok := toPrefix(route.Dst)
		if !ok || taken.Bits() == 0 {
			continue
		}
		for _, mine := range plan.Ranges() {
			if mine.Overlaps(taken) {
				return false, nil
			}
		}
	}
	return true, nil
}

// Disconnect removes the host's end of the link and with it the host's routes. The kernel
// does so too when the namespace goes, but connections that are still closing can hold a
// namespace for minutes after its last process. The link of another cluster is an error.
func Disconnect(plan layout.Plan, owner string) error {
	link, err := netlink.LinkByName(plan.Link())
	if err == nil && link.Attrs().Alias != owner {
		return fmt.Errorf("interface %s belongs to another cluster (%s): run `down --wipe` to choose another index", plan.Link(), link.Attrs().Alias)
	}
	if err == nil {
		err = netlink.LinkDel(link)
	}
	if err != nil && !gone(err) {
		return fmt.Errorf("remove interface %s: %w", plan.Link(), err)
	}
	return nil
}

// gone says whether the link is not there, or was taken away by the kernel in between.
func gone(err error) bool {
	return errors.As(err, &netlink.LinkNotFoundError{}) || errors.Is(err, unix.ENODEV)
}

// connectHost makes the link between the host and the node's network namespace, and the
// host's routes to pods and services. They go when the namespace goes. The owner is noted
// on the link.
func connectHost(plan layout.Plan, owner string, pid int) error {
	attributes := netlink.NewLinkAttrs()
	attributes.Name = plan.Link()
	link := &netlink.Veth{LinkAttrs: attributes, PeerName: nodeLink, PeerNamespace: netlink.NsPid(pid)}
	if err := netlink.LinkAdd(link); err != nil {
		return fmt.Errorf("make interface %s: %w", plan.Link(), err)
	}
	if err := netlink.LinkSetAlias(link, owner); err != nil {
		return fmt.Errorf("mark interface %s: %w", plan.Link(), err)
	}
	if err := bringUp(link, plan.HostIP()); err != nil {
		return err
	}
	for _, prefix := range []netip.Prefix{plan.PodCIDR(), plan.ServiceCIDR()} {
		if err := addRoute(link, fromPrefix(prefix), plan.NodeIP()); err != nil {
			return err
		}
	}
	return nil
}

// connectNode sets up the node's end of the link, from inside its namespace.
func connectNode(plan layout.Plan) error {
	loopback, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find the loopback interface: %w", err)
	}
	if err := netlink.LinkSetUp(loopback); err != nil {
		return fmt.Errorf("set up the loopback interface: %w", err)
	}
	link, err := netlink.LinkByName(nodeLink)
	if err != nil {
		return fmt.Errorf("find interface %s: %w", nodeLink, err)
	}
	if err := bringUp(link, plan.NodeIP()); err != nil {
		return err
	}
	if err := addRoute(link, nil, plan.HostIP()); err != nil {
		return err
	}
	return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0o644)
}

func bringUp(link netlink.Link, address netip.Addr) error {
	prefix := fromPrefix(netip.PrefixFrom(address, 30))
	prefix.IP = address.AsSlice()
	if err := netlink.AddrAdd(link, &netlink.Addr{IPNet: prefix}); err != nil {
		return fmt.Errorf("give interface %s the address %s: %w", link.Attrs().Name, address, err)
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("set interface %s up: %w", link.Attrs().Name, err)
	}
	return nil
}

// addRoute adds a route through a gateway; a nil destination is the default route.
func addRoute(link netlink.Link, destination *net.IPNet, gateway netip.Addr) error {
	route := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: destination, Gw: gateway.AsSlice()}
	// The far end may not be up yet, and then the kernel takes the gateway for unreachable.
	route.SetFlag(netlink.FLAG_ONLINK)
	if err := netlink.RouteReplace(route); err != nil {
		return fmt.Errorf("add the route to %v through %s: %w", destination, gateway, err)
	}
	return nil
}

func fromPrefix(prefix netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: prefix.Masked().Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), 32)}
}

func toPrefix(network *net.IPNet) (netip.Prefix, bool) {
	address, ok := netip.AddrFromSlice(network.IP)
	bits, _ := network.Mask.Size()
	return netip.PrefixFrom(address.Unmap(), bits), ok
}
