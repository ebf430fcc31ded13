# Thin verbs; `make help` explains them. The logic is in the programs that they call.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO  ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)
SERIN  := $(TARGET)/image/serin
N      ?= 20

CLUSTER := e2e/cluster/serin-cluster
STATE   := $(abspath $(or $(SERIN_CLUSTER_DIR),.cluster))
IMAGES  := $(STATE)/images

# The cluster that tests and demo run on: the local one, or (SERIN_CLUSTER=existing) that of KUBECONFIG.
ifeq ($(SERIN_CLUSTER),existing)
  export SERIN_KUBECTL ?= kubectl
else
  export KUBECONFIG := $(STATE)/kubeconfig
  export SERIN_KUBECTL := $(CLUSTER) kubectl
endif

say = @printf '\n== %s\n' "$(1)"

.PHONY: help
help: ## List the verbs
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-14s %s\n", $$1, $$2}'

.PHONY: needs
needs:
	@for tool in $(CARGO) cc; do command -v $$tool >/dev/null || { echo "make: $$tool is missing; install it first" >&2; exit 1; }; done
	@[ "$(SERIN_CLUSTER)" != existing ] || [ -n "$${KUBECONFIG:-}" ] || { echo "make: SERIN_CLUSTER=existing needs KUBECONFIG" >&2; exit 1; }

.PHONY: build
build: needs ## Build the operator's binary as it goes into the image
	$(call say,building the operator (minutes when nothing is cached))
	$(CARGO) build --locked --profile image -p serin-cli

.PHONY: check
check: needs ## Format, lints, documentation, sizes, dependencies, generated files
	$(call say,checking format and lints)
	$(CARGO) fmt --all -- --check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings
	$(call say,checking documentation)
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --workspace --no-deps --document-private-items
	$(call say,checking sizes, dependencies, generated files and links)
	$(CARGO) run --locked --quiet -p serin-xtask -- check

.PHONY: generate
generate: needs ## Write the CRDs and the reference from the types
	$(CARGO) run --locked --quiet -p serin-xtask -- generate

.PHONY: unit
unit: needs ## Tests that need no cluster
	$(call say,running the tests that need no cluster)
	$(CARGO) test --locked --workspace
	cd e2e/cluster && GOFLAGS=-buildvcs=false go test ./...

.PHONY: model
model: needs ## Model-check the core
	$(call say,model-checking the core)
	$(CARGO) run --locked --quiet --profile image -p serin-sim --example model

.PHONY: cluster-up
cluster-up: ## Start the local cluster and print its KUBECONFIG
	@$(CLUSTER) up

.PHONY: cluster-down
cluster-down: ## Stop the local cluster and forget its state
	@$(CLUSTER) down --wipe

.PHONY: images
images: build cluster-up ## Build the images and load them into the local cluster
ifneq ($(SERIN_CLUSTER),existing)
	$(call say,making and loading the images)
	@mkdir -p $(IMAGES)
	$(CLUSTER) image serin --binary $(SERIN) --out $(IMAGES)/serin.tar
	$(CLUSTER) image loadtester --binary $(SERIN) --out $(IMAGES)/serin-loadtester.tar
	$(CLUSTER) load-image $(IMAGES)/serin.tar $(IMAGES)/serin-loadtester.tar
	@for d in serin-system/serin test/flagger-loadtester; do \
	  $(SERIN_KUBECTL) -n $${d%/*} rollout restart deployment/$${d#*/} 2>/dev/null || true; done
endif

.PHONY: e2e
e2e: images ## Tests on a real cluster
	$(call say,running the tests on the cluster)
	$(CARGO) test --locked -p serin-e2e --test scenarios -- --test-threads=64

.PHONY: test
test: unit model e2e ## All tests

.PHONY: demo
demo: images ## A good release and a bad one, before your eyes; ONCE=1 runs unattended
	$(CARGO) run --locked --quiet -p serin-e2e --bin demo

.PHONY: bench
bench: build ## Roll out N canaries at once with fake pods and measure: make bench N=200
	$(call say,running $(N) rollouts on a control plane with fake pods)
	$(CARGO) run --locked --quiet -p serin-bench -- --canaries $(N) --operator $(SERIN)

.PHONY: clean
clean: cluster-down ## Stop the cluster and remove what was built
	$(CARGO) clean
