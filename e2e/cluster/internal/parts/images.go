package parts

import (
	"path/filepath"
	"strings"

	"serin.dev/e2e/cluster/internal/image"
)

const systemUser = "65532:65532"

// images writes the images of the programs that run as pods.
func (b Builder) images(program func(string) string, keys map[string]string, set *Set) error {
	writer, err := DigestFiles(b.Source, "internal/image", "internal/parts/images.go")
	if err != nil {
		return err
	}
	inputs := []string{writer, b.envoy().key()}
	for _, name := range imagePrograms() {
		inputs = append(inputs, keys[name])
	}
	key := Key(inputs...)
	err = b.Store.Make("images", key, func(dir string) error {
		b.Report("writing container images")
		recipes, err := b.recipes(program)
		if err != nil {
			return err
		}
		for file, recipe := range recipes {
			if err := recipe.Save(filepath.Join(dir, file+".tar")); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	all, err := filepath.Glob(filepath.Join(b.Store.Dir("images", key), "*.tar"))
	for _, file := range all {
		if strings.HasPrefix(filepath.Base(file), "podinfo-") {
			set.Images = append(set.Images, file)
		} else {
			set.SystemImages = append(set.SystemImages, file)
		}
	}
	return err
}

// imagePrograms are the programs whose change makes other images.
func imagePrograms() []string {
	names := []string{"pause", "envoy-gateway", "prometheus", "podcli"}
	for _, version := range PodinfoVersions {
		names = append(names, podinfo(version).Name)
	}
	return names
}

func (b Builder) recipes(program func(string) string) (map[string]image.Image, error) {
	recipes := map[string]image.Image{}
	single := []struct{ file, name, source, target string }{
		{"pause", "localhost/pause:1", program("pause"), "/pause"},
		{"prometheus", "localhost/prometheus:" + PrometheusVersion, program("prometheus"), "/usr/local/bin/prometheus"},
		{"envoy-gateway", "localhost/envoy-gateway:" + GatewayVersion, program("envoy-gateway"), "/usr/local/bin/envoy-gateway"},
		{"envoy", "localhost/envoy:" + EnvoyVersion, filepath.Join(b.envoy().Dir(), "envoy"), "/usr/local/bin/envoy"},
	}
	libraries := image.Libraries{Roots: []string{"/"}}
	for _, one := range single {
		tree := image.Base()
		if err := libraries.AddProgram(tree, one.source, one.target); err != nil {
			return nil, err
		}
		recipes[one.file] = image.Image{Name: one.name, Tree: tree, Entrypoint: []string{one.target}, User: systemUser}
	}
	for _, version := range PodinfoVersions {
		recipe, err := podinfoImage(version, program)
		if err != nil {
			return nil, err
		}
		recipes[podinfo(version).Name] = recipe
	}
	return recipes, nil
}

// podinfoImage is laid out as the project's own image.
func podinfoImage(version string, program func(string) string) (image.Image, error) {
	tree := image.Base()
	shared := filepath.Dir(program("podcli"))
	copies := [][2]string{
		{program(podinfo(version).Name), "/home/app/podinfo"},
		{program("podcli"), "/usr/local/bin/podcli"},
		{filepath.Join(shared, "ui"), "/home/app/ui"},
	}
	for _, one := range copies {
		if err := tree.Copy(one[0], one[1]); err != nil {
			return image.Image{}, err
		}
	}
	return image.Image{
		Name: "ghcr.io/stefanprodan/podinfo:" + version, Tree: tree,
		Command: []string{"./podinfo"}, WorkDir: "/home/app", User: "100:101",
	}, nil
}
