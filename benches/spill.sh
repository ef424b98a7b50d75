#!/usr/bin/env bash
# What goes to disk where memory is short: spill.sh [ROWS] [MEMORY]
#
# Makes a CSV of ROWS rows of about 40 bytes (125000000 are 5 GB), and runs over it with `--memory MEMORY` (200MB) a sort, an
# aggregate with a group for 5 rows in 12, a `distinct` of as many keys, and a join of the file with three quarters of itself. Each
# result goes through a checksum. Prints seconds, the greatest resident memory, what went to disk, and whether the
# bytes are those of a run without a limit (WHOLE=0 leaves that run out, where the machine has no memory for it:
# `spill_duckdb.py` has DuckDB make the same). Then
# scripts that stream, which need no limit. Exits with 1 where bytes differ or a run took too much: 300 MB, 100 MB of
# those that stream. PIPE is the binary; the files are in TMPDIR, and gone at the end. ONLY is a pattern of the names of the runs
# that are wanted, and MOST_SECONDS what each of them may take.
set -euo pipefail
cd "$(dirname "$0")/.."
ROWS=${1:-125000000} MEMORY=${2:-200MB}
PIPE=${PIPE:-target/release/pipe} WHOLE=${WHOLE:-1} ONLY=${ONLY:-*} MOST_SECONDS=${MOST_SECONDS:-86400}
WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
export TMPDIR=$WORK
FILE=$WORK/rows.csv
BAD=0

"$PIPE" -e "1..$ROWS | map {id: it, key: it * 7919 % ($ROWS * 5 // 12), price: float(it % 100000) / 8, name: f\"name {it * 31 % 999983}\"}
| write(\"$FILE\")"
echo "$ROWS rows, $(du -m "$FILE" | cut -f1) MiB, --memory $MEMORY"

run() { # name, script, most MB, options: one line, and the checksum in $WORK/sum
  local name=$1 script=$2 most=$3 seconds kilobytes
  shift 3
  # shellcheck disable=SC2053
  [[ $name == $ONLY ]] || return 0
  if ! /usr/bin/time -f "%e %M" -o "$WORK/time" timeout "$MOST_SECONDS" \
    "$PIPE" --format csv --stats "$@" -e "$script" 2> "$WORK/stats" | md5sum > "$WORK/sum"; then
    printf "%-24s failed, or took more than %s s: %s\n" "$name" "$MOST_SECONDS" "$(head -c 300 "$WORK/stats")"
    BAD=1
    return 0
  fi
  read -r seconds kilobytes < <(tail -1 "$WORK/time")
  printf "%-24s %8.1f s %7d MB  %s%s\n" "$name" "$seconds" $((kilobytes / 1024)) "$(cut -c1-8 "$WORK/sum")" \
    "$(grep -o ' [0-9_]* runs on disk.*' "$WORK/stats" || true)"
  if [ $((kilobytes / 1024)) -ge "$most" ]; then
    echo "  more than $most MB"
    BAD=1
  fi
}

spills() { # name, script
  run "$1" "$2" 300 --memory "$MEMORY"
  # shellcheck disable=SC2053
  [[ $WHOLE = 1 && $1 == $ONLY ]] || return 0
  cp "$WORK/sum" "$WORK/with"
  ONLY="*" run "$1, whole" "$2" 1000000
  cmp -s "$WORK/with" "$WORK/sum" || { echo "  other bytes"; BAD=1; }
}

spills sort "read(\"$FILE\") | sort key, -price"
spills aggregate "read(\"$FILE\") | aggregate n = count(), total = sum(price), first = first(name) by key"
spills distinct "read(\"$FILE\") | distinct by key | select id, name"
spills join "read(\"$FILE\") | join other = (read(\"$FILE\") | filter id % 4 != 0) on id | select id, name, price = other.price"
run "streams: filter" "read(\"$FILE\") | filter price > 12000 and name ~ r\"9+\$\" | select id, key" 100
run "streams: aggregate" "read(\"$FILE\") | aggregate n = count(), total = sum(price) by part = id % 1000" 100
run "streams: sort and take" "read(\"$FILE\") | sort -price, key | take 100" 100
run "streams: everything" "read(\"$FILE\")" 100
exit "$BAD"
