.PHONY: help run test realtime load timeline weights transcripts book starter gradescope variants soak mutants mutants-repeat class mutation bench doc lint fmt ci clean

help: ## list these names
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

run: ## the main job: the suite on the reference
	cargo run --release

test: ## all tests
	cargo test

realtime: ## the suite in real time, each server a thread
	cargo run --release -- test --realtime

load: ## the same, 30 times beside 16 busy loops
	.ci/load 30

timeline: ## draw target/trace.jsonl, or another: make timeline TRACE=...
	cargo run --release -- timeline $(or $(TRACE),target/trace.jsonl)

weights: ## write tests/WEIGHTS.md: what the tests show and are worth
	cargo run --release --quiet -- list > target/WEIGHTS.md
	mv target/WEIGHTS.md tests/WEIGHTS.md

transcripts: ## write scenarios/*.transcript: what the scenarios come to
	cargo build --release -p raftlab
	for file in scenarios/*.txt; do \
		target/release/raftlab play $$file --quiet --transcript $${file%.txt}.transcript || exit 1; \
	done

book: ## the course, in target/book: its commands are run, its pictures drawn by them
	book/build

mutants: ## every wrong server of tests/mutants, and what the suite says of it
	cargo run --release --quiet -p mutants

mutants-repeat: ## whether each is caught with ten sets of seeds
	cargo run --release --quiet -p mutants -- --repeat 10

class: ## every wrong server, graded as a class: each loses points in its own part
	cargo test --release -p raftlab --test grade -- --ignored --nocapture every_wrong_server

mutation: ## every function and operator of the reference changed, one at a time; takes an hour
	command -v cargo-mutants >/dev/null || cargo install --locked cargo-mutants
	RAFT_SEEDS=10 cargo mutants -j 2 -o target

starter: ## the starter is in step with the reference, and fails politely
	.ci/starter

gradescope: ## an autograder in target/raftlab/gradescope.zip; with hidden seeds: make gradescope HIDDEN_SEEDS=...
	raftlab/deploy/gradescope/make-zip target/raftlab/gradescope.zip $(HIDDEN_SEEDS)

soak: ## correct servers written differently, a million runs: none may fail
	cargo run --release -p variants -- --runs 900000
	cargo run --release --manifest-path tests/variants/raft-rs/Cargo.toml -- --runs 100000

variants: ## their tests, and a short soak
	.ci/variants

bench: ## what a step costs, an election, the main job, a call between threads
	cargo bench -p raftlab --bench cluster
	cargo bench -p labrpc

doc: ## the documentation, in target/doc
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

lint: ## formatting and clippy
	cargo fmt --all --check
	cargo clippy --all-targets -- -D warnings

fmt: ## format everything
	cargo fmt --all

ci: ## everything that CI does
	.ci/run

clean: ## remove what was built
	cargo clean
