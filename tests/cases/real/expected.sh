#!/usr/bin/env bash
# Makes the expected outputs of this folder with DuckDB (1.4 or later; `duckdb` on the PATH, or DUCKDB=...). Run it from
# the root of the project. What is written here is what Pipe is held to; BLESS=1 leaves this folder alone.
#
# Agreed differences: DuckDB prints floats with digits that are enough, not nearest, so floats are compared as numbers.
# Sums of floats are DuckDB's compensated `fsum`, since Pipe's are exact.
set -euo pipefail
cd "$(dirname "$0")/../../.."
for query in tests/cases/real/*.sql; do
  "${DUCKDB:-duckdb}" -csv -init /dev/null < "$query" > "${query%.sql}.out"
done
