#!/usr/bin/env bash
# Times Pipe, DuckDB and Polars on the same work, whole processes, in turn: run.sh SALES.csv [RUNS]
#
# SALES.csv has the columns region, product, qty, price, discount (and others). DUCKDB and PYTHON name the peers'
# programs (a Python that has polars); PIPE the binary. Two threads each. Prints wall seconds and peak memory.
set -euo pipefail
cd "$(dirname "$0")"
SALES=$1 RUNS=${2:-5}
PIPE=${PIPE:-../../target/release/pipe} DUCKDB=${DUCKDB:-duckdb} PYTHON=${PYTHON:-python3}
export SALES POLARS_MAX_THREADS=2

timed() { # name, command …
  local name=$1
  shift
  /usr/bin/time -f "$name %e s %M KiB" "$@" 2>&1 >/dev/null | tail -1
}

for work in C1 C2 N1; do
  input=(--sales "$SALES")
  [ $work = N1 ] && input=()
  for _ in $(seq "$RUNS"); do
    timed "$work pipe-vector" "$PIPE" --threads 2 --executor vector --format csv $work.pipe "${input[@]}"
    timed "$work pipe-jit" "$PIPE" --threads 2 --executor jit --format csv $work.pipe "${input[@]}"
    timed "$work duckdb" "$DUCKDB" -csv -init /dev/null -c "set threads=2; $(envsubst < $work.sql)"
    timed "$work polars" "$PYTHON" peer_polars.py $work "$SALES"
  done
done | sort -k1,2 -k3n | awk '{key=$1" "$2; n[key]++; wall[key,n[key]]=$3; if ($5>mem[key]) mem[key]=$5}
  END {for (key in n) printf "%s median %.3f s (%.3f to %.3f), peak %d MiB, %d runs\n", key, wall[key,int((n[key]+1)/2)], wall[key,1], wall[key,n[key]], mem[key]/1024, n[key]}' | sort
