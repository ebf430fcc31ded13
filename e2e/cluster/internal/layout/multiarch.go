package layout

import "runtime"

// Multiarch is Debian's name of this machine's architecture in library paths.
var Multiarch = map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}[runtime.GOARCH]
