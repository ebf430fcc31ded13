// Serin-cluster runs the local Kubernetes cluster that Serin's tests and demo stand on.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

const usage = `usage: serin-cluster COMMAND [flags]

  build [kwok]                 build and fetch all parts into the user's cache folder
  flagger                      build the Flagger that Serin is compared with, and print its path
  up [--control-plane] [--fake-nodes N]
                               start the cluster, or finish starting it
  down [--wipe]                stop it; --wipe forgets its state
  status                       say what runs and where
  kubectl ARGS...              the cluster's own kubectl
  helm ARGS...                 helm for the cluster; templates and lints without one, too
  logs [--lines N] [COMPONENT] end of a component's log; without a name: which there are
  load-image FILE...           put docker-archives into the running cluster
  image serin|loadtester --binary FILE --out FILE
                               write an image of a build of the operator
  image write --name NAME --out FILE [--entrypoint A,B] [--cmd A,B] [--workdir DIR] [--user UID:GID] SOURCE:TARGET...
                               write an image of some files

environment
  SERIN_CLUSTER_DIR    state folder (default: .cluster in the repository)
  SERIN_CLUSTER_INDEX  1..250, picks the address ranges (default: derived from the folder)
  SERIN_CLUSTER        "existing": up and down leave the cluster of KUBECONFIG as it is
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit) && exit.ExitCode() > 0 && errors.Unwrap(err) == nil:
		os.Exit(exit.ExitCode()) // kubectl or helm has said why
	case ctx.Err() != nil:
		fmt.Fprintln(os.Stderr, "serin-cluster: interrupted; run it again to go on")
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, "serin-cluster:", err)
		os.Exit(1)
	}
}
