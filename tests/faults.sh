#!/bin/sh
# Builds Pipe with the seeded faults (lang/src/fault.rs) and has the random programs find each of them.
# FAULT=NullsFirst tests/faults.sh looks for one.
set -e
cd "$(dirname "$0")/.."
RUSTFLAGS="--cfg fault" exec cargo test --release --target-dir target/fault --test tests faults -- --nocapture
