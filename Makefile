# What people type. Each verb is thin: the work is done by cargo, e2e/cluster/serin-cluster and the crates of e2e.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CLUSTER := e2e/cluster/serin-cluster
STATE := $(or $(SERIN_CLUSTER_DIR),$(CURDIR)/.cluster)
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
PHASE := .ci/phase
# Canaries of the benchmark.
N ?= 20

ifeq ($(SERIN_CLUSTER),existing)
# Images and kubectl are those of whoever made the cluster.
GROUND :=
else
GROUND := cluster-up images
export KUBECONFIG := $(STATE)/kubeconfig
export SERIN_KUBECTL := $(CLUSTER) kubectl
endif

.PHONY: help
help: ## list the verbs
	@grep -hE '^[a-z0-9-]+:.* ## ' $(MAKEFILE_LIST) | sort | awk -F':.* ## ' '{printf "  make %-14s %s\n", $$1, $$2}'
	@echo "  SERIN_CLUSTER=existing takes the cluster of KUBECONFIG instead of a local one (docs/install.md)"

.PHONY: tools
tools:
	@.ci/tools

.PHONY: build
build: tools ## build everything
	@$(PHASE) build cargo build --workspace --bins

.PHONY: check
check: tools ## formatting, lints, documentation, sizes, dependencies, licenses, generated files, links
	@$(PHASE) format cargo fmt --all --check
	@$(PHASE) lints cargo clippy --workspace --all-targets -- -D warnings
	@$(PHASE) lints-scenarios cargo clippy --package serin-e2e --test scenarios -- -D warnings
	@$(PHASE) documentation env RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --quiet
	@$(PHASE) repository cargo xtask check
	@$(PHASE) licenses .ci/deny check licenses bans sources
	@$(PHASE) cluster-program .ci/go vet

.PHONY: test
test: tools ## all tests; the end-to-end ones on a real cluster
	@echo "expect 25 minutes warm; the first time half an hour more, for the cluster's parts and the dependencies"
	@$(PHASE) build-tests cargo build --workspace --lib --bins --examples --tests --test scenarios
	@$(MAKE) unit
	@$(MAKE) $(GROUND) $(if $(GROUND),parts) e2e
	@$(if $(GROUND),$(PHASE) differential $(TARGET)/debug/serin-differential --fast,echo "no comparison with Flagger: it needs a control plane of its own")

.PHONY: unit
unit: ## the tests that need no cluster, examples of the documentation among them
	@.ci/tools rust
	@$(PHASE) unit cargo test --workspace --quiet
	@$(PHASE) unit-cluster .ci/go test

.PHONY: parts
parts: tools ## build what the end-to-end tests run, so that no compiler is at work beside them
	@$(PHASE) parts-kwok $(CLUSTER) build kwok
	@$(PHASE) parts-flagger $(CLUSTER) flagger
	@$(PHASE) parts-helm $(CLUSTER) helm version

.PHONY: e2e
e2e: tools ## the end-to-end tests alone, on a cluster with the operator's images; T=<filter> picks some
	@$(PHASE) end-to-end cargo test --workspace --test scenarios -- --test-threads=64 $(T)

.PHONY: demo
demo: tools ## a good release is promoted and a bad one rolled back, before your eyes; ONCE=1 for scripts
	@echo "expect 3 minutes; the first time a quarter of an hour more, for the cluster's parts and the operator"
	@$(PHASE) build cargo build --workspace --bins
	@$(if $(GROUND),$(MAKE) $(GROUND))
	@$(TARGET)/debug/demo

.PHONY: cluster-up
cluster-up: tools ## start the local cluster and print its KUBECONFIG
	@$(PHASE) cluster $(CLUSTER) up

.PHONY: cluster-down
cluster-down: ## stop the local cluster; WIPE=1 forgets its state
	@$(CLUSTER) down $(if $(WIPE),--wipe)

.PHONY: images
images: ## put the operator's and the load tester's images into the local cluster, from the last build
	@mkdir -p $(STATE)/images
	@$(PHASE) images .ci/images $(CLUSTER) $(TARGET)/debug/serin $(STATE)/images

.PHONY: model
model: tools ## check the deciding function in every order of events and crashes
	@cargo run --profile image --quiet --package serin-sim --example model

.PHONY: mutants
mutants: tools ## make mistakes on purpose in what decides, and print which tests notice; T=<part of a name> picks some
	@cargo xtask mutants "$(T)"

.PHONY: bench
bench: tools ## measure N=<count> canaries on a control plane of their own; VS=flagger measures Flagger too, and the ratios
	@$(PHASE) build cargo build --profile image --package serin-cli --package serin-bench
	@$(TARGET)/image/serin-bench --canaries $(N) --operator $(TARGET)/image/serin $(if $(VS),--versus $(VS)) $(if $(FIGURES),--figures $(FIGURES))

.PHONY: figures
figures: tools ## measure anew what README shows (docs/figures.json), on a machine that does nothing else
	@cargo xtask figure model "$$($(MAKE) model | tee /dev/stderr | sed -n 's/^model: //p' | tail -n 1)"
	@cargo xtask figure differential "$$($(MAKE) differential | tee /dev/stderr | sed -n 's/^differential: //p' | tail -n 1)"
	@for canaries in 20 200; do $(MAKE) bench N=$$canaries VS=flagger FIGURES=docs/figures.json; done
	@cargo xtask generate

.PHONY: differential
differential: tools ## compare with Flagger itself, scenario by scenario; T=<filter> picks some, FAST=1 those of `make test`
	@$(PHASE) build cargo build --workspace --bins
	@$(PHASE) differential $(TARGET)/debug/serin-differential $(if $(FAST),--fast) $(T)

.PHONY: edits
edits: tools ## edit releases at random under traffic; SECONDS=600, or N=<sequences> SEED=<first> T=<edits in each>
	@$(PHASE) build cargo build --workspace --bins
	@$(if $(GROUND),$(MAKE) $(GROUND))
	@env SEED="$(SEED)" N="$(if $(filter command environment,$(firstword $(origin N))),$(N))" T="$(T)" SECONDS="$(SECONDS)" $(TARGET)/debug/edits

.PHONY: generate
generate: tools ## write what is generated from the types
	@cargo xtask generate

.PHONY: clean
clean: cluster-down ## stop the cluster and remove everything that was built here
	@$(CLUSTER) down --wipe
	@cargo clean
