package parts

import "path"

// Program is one that is built from a Go package of a module in this folder.
type Program struct {
	// Name is the part's name and the program's file name.
	Name string
	// Package is an import path, or a folder of the module.
	Package string
	// Variables are set by the linker: package variables by their full name.
	Variables map[string]string
	// Share are folders of the package's module that are kept beside the program.
	Share []string
}

// Versions that the built programs report.
const (
	kubernetesVersion = "v1.36.3"
	EnvoyVersion      = "1.39.1"
	GatewayVersion    = "1.9.1"
	PrometheusVersion = "3.14.0"
	HelmVersion       = "v4.2.4"
)

// PodinfoVersions are the versions podinfo is built as; all are of the same source.
var PodinfoVersions = []string{"6.9.0", "6.9.1", "6.9.2"}

const podinfoModule = "github.com/stefanprodan/podinfo"

// Programs are all but those for special uses.
func Programs() []Program {
	programs := []Program{
		{Name: "kube", Package: "./kube", Variables: kubernetesVariables()},
		{Name: "coredns", Package: "./coredns"},
		{Name: "pause", Package: "./pause"},
		{Name: "prometheus", Package: "github.com/prometheus/prometheus/cmd/prometheus"},
		{Name: "envoy-gateway", Package: "github.com/envoyproxy/gateway/cmd/envoy-gateway"},
		{Name: "hey", Package: "github.com/rakyll/hey"},
		{Name: "podcli", Package: podinfoModule + "/cmd/podcli", Share: []string{"ui"}},
	}
	for _, version := range PodinfoVersions {
		programs = append(programs, podinfo(version))
	}
	return programs
}

// Kwok plays nodes and pods, for benchmarks.
func Kwok() Program {
	return Program{
		Name:    "kwok",
		Package: "sigs.k8s.io/kwok/cmd/kwok",
		Share:   []string{"kustomize/stage/node/fast", "kustomize/stage/pod/fast"},
	}
}

// Flagger is what Serin is compared with. It is a program of the module `flagger`, and its folder holds its manifests too.
func Flagger() Program {
	return Program{
		Name:    "flagger",
		Package: "github.com/fluxcd/flagger/cmd/flagger",
		Share:   []string{"artifacts/flagger"},
	}
}

// Helm installs charts. It is a program of the module `helm`.
func Helm() Program {
	return Program{
		Name:      "helm",
		Package:   "helm.sh/helm/v4/cmd/helm",
		Variables: map[string]string{"helm.sh/helm/v4/internal/version.version": HelmVersion},
	}
}

func podinfo(version string) Program {
	return Program{
		Name:      "podinfo-" + version,
		Package:   podinfoModule + "/cmd/podinfo",
		Variables: map[string]string{podinfoModule + "/pkg/version.VERSION": version},
	}
}

func kubernetesVariables() map[string]string {
	const version = "k8s.io/component-base/version."
	return map[string]string{
		version + "gitVersion":                    kubernetesVersion,
		version + "gitMajor":                      "1",
		version + "gitMinor":                      "36",
		version + "gitTreeState":                  "clean",
		"k8s.io/client-go/pkg/version.gitVersion": kubernetesVersion,
	}
}

// binary is the file name `go build` gives the program.
func (p Program) binary() string { return path.Base(p.Package) }
