//go:build tools

// Package flagger pins the Flagger that Serin is compared with, and all it depends on in the versions of its own
// go.mod: its revision hash changes with the version of k8s.io/api, so it cannot be in one module with the rest.
package flagger

import _ "github.com/fluxcd/flagger/cmd/flagger"
