package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"serin.dev/e2e/cluster/internal/cluster"
	"serin.dev/e2e/cluster/internal/image"
	"serin.dev/e2e/cluster/internal/node"
	"serin.dev/e2e/cluster/internal/parts"
)

// errUsage is shown with the usage text.
var errUsage = errors.New("see `serin-cluster help`")

// command runs one subcommand with its arguments.
type command func(ctx context.Context, c cluster.Cluster, args []string) error

var commands = map[string]command{
	"build":      build,
	"flagger":    flagger,
	"up":         up,
	"down":       down,
	"status":     status,
	"kubectl":    kubectl,
	"helm":       helm,
	"logs":       logs,
	"load-image": loadImage,
	"image":      writeImage,
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] == "help" || args[0] == "--help" || args[0] == "-h" {
		fmt.Print(usage)
		return nil
	}
	if args[0] == node.InitCommand && len(args) == 2 {
		return node.Init(args[1])
	}
	chosen, known := commands[args[0]]
	if !known {
		return fmt.Errorf("unknown command %q: %w", args[0], errUsage)
	}
	repository, err := findRepository()
	if err != nil {
		return err
	}
	c, err := cluster.Open(repository, reporter(time.Now()))
	if err != nil {
		return err
	}
	return chosen(ctx, c, args[1:])
}

// reporter prints a line of progress with the seconds since the start.
func reporter(started time.Time) func(format string, args ...any) {
	return func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "cluster: %4.0fs  %s\n", time.Since(started).Seconds(), fmt.Sprintf(format, args...))
	}
}

// findRepository takes SERIN_REPOSITORY, else looks in the folders above this one.
func findRepository() (string, error) {
	if root := os.Getenv("SERIN_REPOSITORY"); root != "" {
		return root, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("find the repository: %w", err)
	}
	for ; dir != "/"; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "e2e/cluster/components/go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", errors.New("this is not inside the repository, and SERIN_REPOSITORY does not name it")
}

func build(ctx context.Context, c cluster.Cluster, args []string) error {
	needs := parts.Needs{Worker: true}
	for _, arg := range args {
		if arg != "kwok" {
			return fmt.Errorf("unknown part %q: %w", arg, errUsage)
		}
		needs.Kwok = true
	}
	_, err := c.Build(ctx, needs)
	return err
}

func flagger(ctx context.Context, c cluster.Cluster, _ []string) error {
	program, err := c.Flagger(ctx)
	if err != nil {
		return err
	}
	fmt.Println(program)
	return nil
}

func up(ctx context.Context, c cluster.Cluster, args []string) error {
	flags := flag.NewFlagSet("up", flag.ContinueOnError)
	var options cluster.Options
	flags.BoolVar(&options.ControlPlane, "control-plane", false, "leave out everything that runs pods")
	flags.IntVar(&options.FakeNodes, "fake-nodes", 0, "how many nodes KWOK plays")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if cluster.Existing() {
		if err := c.CheckExisting(ctx); err != nil {
			return err
		}
		fmt.Println("export KUBECONFIG=" + os.Getenv("KUBECONFIG"))
		return nil
	}
	if err := c.Up(ctx, options); err != nil {
		return err
	}
	fmt.Println("export KUBECONFIG=" + c.State.Kubeconfig())
	return nil
}

func down(ctx context.Context, c cluster.Cluster, args []string) error {
	flags := flag.NewFlagSet("down", flag.ContinueOnError)
	wipe := flags.Bool("wipe", false, "forget the cluster's state")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if cluster.Existing() {
		return nil
	}
	return c.Down(ctx, *wipe)
}

func status(ctx context.Context, c cluster.Cluster, _ []string) error {
	return c.Status(ctx, os.Stdout)
}

func kubectl(ctx context.Context, c cluster.Cluster, args []string) error {
	return c.Kubectl(ctx, args)
}

func helm(ctx context.Context, c cluster.Cluster, args []string) error {
	return c.Helm(ctx, args)
}

func logs(_ context.Context, c cluster.Cluster, args []string) error {
	flags := flag.NewFlagSet("logs", flag.ContinueOnError)
	lines := flags.Int("lines", 50, "how many")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return c.Logs(flags.Arg(0), *lines, os.Stdout)
}

func loadImage(ctx context.Context, c cluster.Cluster, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("load-image needs a file: %w", errUsage)
	}
	return c.LoadImages(ctx, args)
}

func writeImage(ctx context.Context, c cluster.Cluster, args []string) error {
	if len(args) == 0 {
		return fmt.Errorf("image of what? %w", errUsage)
	}
	flags := flag.NewFlagSet("image "+args[0], flag.ContinueOnError)
	out := flags.String("out", "", "file to write")
	binary := flags.String("binary", "", "build of the operator")
	recipe := image.Image{Tree: image.Base()}
	flags.StringVar(&recipe.Name, "name", "", "full reference of the image")
	flags.StringVar(&recipe.WorkDir, "workdir", "", "folder it starts in")
	flags.StringVar(&recipe.User, "user", "", "UID:GID it runs as")
	flags.Func("entrypoint", "comma separated", list(&recipe.Entrypoint))
	flags.Func("cmd", "comma separated", list(&recipe.Command))
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if *out == "" {
		return fmt.Errorf("image %s needs --out: %w", args[0], errUsage)
	}
	switch args[0] {
	case "serin":
		return c.SaveOperator(*binary, *out)
	case "loadtester":
		return c.SaveLoadtester(ctx, *binary, *out)
	case "write":
		return saveFiles(recipe, flags.Args(), *out)
	}
	return fmt.Errorf("image of %q? %w", args[0], errUsage)
}

// saveFiles writes an image of files given as SOURCE:TARGET; programs bring their libraries.
func saveFiles(recipe image.Image, files []string, out string) error {
	if recipe.Name == "" {
		return fmt.Errorf("image write needs --name: %w", errUsage)
	}
	for _, file := range files {
		source, target, ok := strings.Cut(file, ":")
		if !ok {
			return fmt.Errorf("%q is not SOURCE:TARGET: %w", file, errUsage)
		}
		if err := image.Add(recipe.Tree, source, target); err != nil {
			return err
		}
	}
	return recipe.Save(out)
}

func list(target *[]string) func(string) error {
	return func(value string) error {
		*target = strings.Split(value, ",")
		return nil
	}
}
