#!/bin/sh
# Builds Pipe with the seeded faults (lang/src/fault.rs) and has the random programs find each of them.
# FAULT=NullsFirst looks for one only; FAULT_FROM=10000 begins at another program.
set -e
cd "$(dirname "$0")/.."
RUSTFLAGS="--cfg fault" exec cargo test --release --target-dir target/fault --test tests faults -- --nocapture
