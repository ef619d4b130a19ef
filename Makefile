# The commands of the house, by short names. `make` alone lists them; CMake does the building
# (CMakePresets.json), and scripts/ the rest.
JOBS ?= $(shell nproc)
export CTEST_PARALLEL_LEVEL ?= $(JOBS)

.DEFAULT_GOAL := help
SIM_SEEDS ?= 1..1000
.PHONY: help demo deps check-deps build test test-interop check sanitize layers symbols check-format format tidy \
        sim sim-seeds sim-mutants sim-large fuzz-build fuzz fuzz-long bench clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

deps:
	@scripts/install-deps

check-deps:
	@scripts/install-deps --checks

build: deps ## install what it needs and build into build/release
	cmake --preset release
	cmake --build --preset release --parallel $(JOBS)

demo: build ## four organisations, eight processes; a validator is killed in front of your eyes
	@scripts/demo $(DEMO)

test: build ## build, and run every test
	ctest --preset release $(TEST_ARGUMENTS)

test-interop: build ## with CometBFT, CosmJS, Prometheus, installed where they can be had; says what it skips
	scripts/test-interop

check: sanitize layers symbols check-format tidy sim fuzz ## the further checks, each also by its name:

sanitize: deps ## build with the address and undefined-behaviour sanitizers, and run every test
	cmake --preset dev
	cmake --build --preset dev --parallel $(JOBS)
	ctest --preset dev --label-exclude processes
	build/dev/bin/tandem-sim run --seeds 2001..2150 --heights 40 --jobs $(JOBS)

sim: sim-seeds sim-mutants ## torment a thousand networks, hunt the planted bugs

sim-seeds: build ## torment a thousand networks (SIM_SEEDS=A..B: others)
	build/release/bin/tandem-sim run --seeds $(SIM_SEEDS) --heights 300 --jobs $(JOBS)

sim-mutants: build ## hunt the planted bugs, by seeds and by scenarios
	cmake --build --preset release --parallel $(JOBS) --target tandem-sim-mutants
	build/release/bin/tandem-sim mutants --heights 80 --jobs $(JOBS) --scenarios tests/scenarios

sim-large: build ## ten thousand networks, hours of work: every fault; and one failover after another
	build/release/bin/tandem-sim run --seeds 100001..104000 --heights 300 --jobs $(JOBS)
	build/release/bin/tandem-sim run --seeds 200001..206000 --heights 300 --seats 4 --standbys 1 \
	    --N 3 --faults outages,loss,clock,heartbeat,channels --jobs $(JOBS)

layers: build ## no folder imports sideways or upward
	scripts/check-layers --graph build/release/link-graph.txt

symbols: build ## no pure library reaches a clock, thread, file, socket or dice
	scripts/check-symbols --build build/release

check-format: check-deps ## every source is formatted
	scripts/format --check

tidy: check-deps ## clang-tidy finds nothing
	scripts/tidy --jobs $(JOBS)

fuzz-build: check-deps
	cmake --preset fuzz
	cmake --build --preset fuzz --parallel $(JOBS) --target fuzz_programs

fuzz: fuzz-build ## a short run of every fuzz target (two minutes)
	scripts/fuzz --jobs $(JOBS)

fuzz-long: fuzz-build ## a million executions of every fuzz target
	scripts/fuzz --jobs $(JOBS) --runs 1000000

bench: build ## run the benchmarks on one core
	scripts/bench

format: check-deps ## format every source in place
	scripts/format

clean: ## remove everything that was built
	rm -rf build
