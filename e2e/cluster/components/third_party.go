//go:build tools

// Package components pins the versions of the programs that are built as they are.
package components

import (
	_ "github.com/envoyproxy/gateway/cmd/envoy-gateway"
	_ "github.com/prometheus/prometheus/cmd/prometheus"
	_ "github.com/rakyll/hey"
	_ "github.com/stefanprodan/podinfo/cmd/podcli"
	_ "github.com/stefanprodan/podinfo/cmd/podinfo"
	_ "sigs.k8s.io/gateway-api/apis/v1"
	_ "sigs.k8s.io/kwok/cmd/kwok"
)
