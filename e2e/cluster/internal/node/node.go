// Package node runs a cluster inside namespaces of its own, so that nothing of it is left
// on the machine when it ends: no process, no mount, no interface, no route.
package node

// InitCommand is the subcommand of this program that calls Init.
const InitCommand = "node-init"
