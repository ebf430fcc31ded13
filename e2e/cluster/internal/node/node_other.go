//go:build !linux

package node

import (
	"errors"

	"serin.dev/e2e/cluster/internal/layout"
	"serin.dev/e2e/cluster/internal/spec"
)

var errNotLinux = errors.New("the local cluster needs Linux")

// Init exists on Linux only.
func Init(string) error { return errNotLinux }

// Start exists on Linux only.
func Start(spec.Spec) error { return errNotLinux }

// Free exists on Linux only.
func Free(layout.Plan) (bool, error) { return false, errNotLinux }

// Disconnect exists on Linux only.
func Disconnect(layout.Plan, string) error { return errNotLinux }

// RemoveCgroups exists on Linux only.
func RemoveCgroups(string) error { return errNotLinux }
