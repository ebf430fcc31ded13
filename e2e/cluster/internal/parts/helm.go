package parts

import (
	"context"
	"path/filepath"
)

// HelmVersion is the version that the built helm reports.
const HelmVersion = "v4.2.4"

// helm installs charts. Its module is its own, so that a change of it does not rebuild what the cluster runs;
// both agree on the versions of what they share, which is compiled once.
var helm = Program{
	Name:      "helm",
	Package:   "helm.sh/helm/v4/cmd/helm",
	Variables: map[string]string{"helm.sh/helm/v4/internal/version.version": HelmVersion},
}

// Helm makes helm if it is missing, and says where it is.
func (b Builder) Helm(ctx context.Context) (string, error) {
	golang := GoBuilder{Store: b.Store, Module: filepath.Join(b.Source, "helm"), Report: b.Report}
	keys, err := golang.Keys(ctx, []Program{helm})
	if err != nil {
		return "", err
	}
	if !b.Store.Has(helm.Name, keys[helm.Name]) {
		b.Report("building helm; the first time this takes about two minutes")
	}
	err = golang.Build(ctx, []Program{helm}, keys)
	return filepath.Join(b.Store.Dir(helm.Name, keys[helm.Name]), helm.Name), err
}
