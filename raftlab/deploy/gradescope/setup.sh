#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the image (Ubuntu or Debian): whatever takes time is done
# here, so that no submission waits for it.
set -euo pipefail

source=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=raftlab/deploy/gradescope/settings
. "$source/settings"
cd "$source"

step() { printf '\n== %s\n' "$*"; }

step "compiler and sandbox"
missing=()
command -v gcc >/dev/null || missing+=(gcc)
command -v bwrap >/dev/null || missing+=(bubblewrap)
[ -n "$(find /usr/lib -name libc.a -print -quit)" ] || missing+=(libc6-dev)
command -v cargo >/dev/null || command -v curl >/dev/null || missing+=(curl ca-certificates)
if [ ${#missing[@]} -gt 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

step "Rust"
wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
# Of what is there and what is wanted, the wanted version must be the older, or the same.
new_enough() {
    local found
    found=$(cargo --version 2>/dev/null | cut -d' ' -f2) || return 1
    [ "$(printf '%s\n' "$wanted" "$found" | sort -V | head -n 1)" = "$wanted" ]
}
if ! new_enough; then
    mkdir -p "$AUTOGRADER/rust"
    # shellcheck source=raftlab/deploy/gradescope/settings
    . "$source/settings"
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs |
        sh -s -- -y --quiet --no-modify-path --profile minimal --default-toolchain stable
    new_enough || { echo "setup.sh: Rust $wanted or newer is needed, and $(cargo --version) is there" >&2; exit 1; }
fi
cargo --version

step "the laboratory"
cargo build --release --locked -p starter-lab --features raftlab/grade
mkdir -p "$AUTOGRADER/bin"
cp "${CARGO_TARGET_DIR:-target}/release/lab" "$AUTOGRADER/bin/raftlab"
# Each submission's container begins with a copy of the image: half a gigabyte less in it.
[ -n "${CARGO_TARGET_DIR:-}" ] || rm -rf target/release

if [ -e hidden-seeds.sha256 ]; then
    step "hidden seeds"
    found=$("$AUTOGRADER/bin/raftlab" grade --hidden-seeds hidden-seeds.txt --commit-seeds)
    [ "$found" = "$(cat hidden-seeds.sha256)" ] || {
        echo "setup.sh: hidden-seeds.txt is not the file that was committed to: $found is its hash" >&2
        exit 1
    }
fi

step "a first submission: the starter, which earns nothing"
# Builds what all submissions are built with, and shows that results can be had here.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$AUTOGRADER/bin/raftlab" grade starter --seeds 1 --jobs 1 --trust --format gradescope \
    --results "$scratch/results.json" --out "$scratch/graded"
[ -s "$scratch/results.json" ]
