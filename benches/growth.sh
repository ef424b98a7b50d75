#!/usr/bin/env bash
# How the time of every stage grows with its rows: growth.sh [ROWS] [RUNS]
#
# Each script runs over ROWS and over ten times ROWS; the least user and system time of RUNS runs counts, less that of an
# empty script. What takes less than 0.2 s over ROWS runs over five times as many (and again, up to 125 times): times are told
# to 0.01 s, and little work fits into the caches, and would be compared with work that does not. A stage whose work is
# linear has a ratio of about 10. PIPE is the binary, ONLY a pattern of the names that are wanted. Exits with 1 if a ratio is
# above 13.
set -euo pipefail
cd "$(dirname "$0")/.."
ROWS=${1:-1000000} RUNS=${2:-3}
PIPE=${PIPE:-target/release/pipe}
TIMES=$(mktemp)
trap 'rm -f "$TIMES"' EXIT

seconds() { # script, rows: the least of all runs
  for _ in $(seq "$RUNS"); do
    /usr/bin/time -f "%U %S" -o "$TIMES" "$PIPE" --threads 1 --format csv -e "param n: int = 1
$1" --n "$2" > /dev/null
    cat "$TIMES"
  done | awk '{t = $1 + $2; if (NR == 1 || t < least) least = t} END {print least}'
}

START=$(seconds "n" 1)
WORST=0
while IFS='|' read -r name script; do
  # shellcheck disable=SC2053
  [[ -n $name && $name == ${ONLY:-*} ]] || continue
  rows=$ROWS small=$(seconds "$script" "$ROWS")
  while awk -v t="$small" -v s="$START" -v rows="$rows" -v most="$((ROWS * 100))" \
    'BEGIN {exit !(t - s < 0.2 && rows < most)}'; do
    rows=$((rows * 5)) small=$(seconds "$script" "$rows")
  done
  large=$(seconds "$script" "$((rows * 10))")
  line=$(awk -v name="$name" -v a="$small" -v b="$large" -v s="$START" 'BEGIN {
    a -= s; b -= s; if (a < 0.01) a = 0.01
    printf "%-14s %7.2f s %8.2f s  ratio %5.1f\n", name, a, b, b / a }')
  echo "$line"
  ratio=$(awk '{print $NF}' <<< "$line")
  WORST=$(awk -v a="$WORST" -v b="$ratio" 'BEGIN {print (b > a) ? b : a}')
done < <(sed 's/ | /|/' <<'SCRIPTS'
filter | 1..n | filter it % 3 == 0 and it * it > 5 | count
derive | 1..n | map {a: it} | derive b = a * 2, c = a + 1 | sum c
sort | 1..n | sort it * 7919 % 1000003 | last
top | 1..n | sort -(it * 7919 % 1000003) | take 10
aggregate | 1..n | aggregate s = sum(it) by k = it * 7919 % 100003 | count
aggregate_all | 1..n | aggregate m = median(it % 1000), d = count_distinct(it % 5000), v = stddev(it)
distinct | 1..n | distinct by it * 7919 % 100003 | count
take_by | 1..n | take 2 by it % 1000 | count
window_group | 1..n | map {k: it % 1000, v: it} | window s = sum(v), r = rank(-v), p = lag(v) by k | count
window_running | 1..n | map {k: it % 10, v: it} | window s = sum(v, rows: ..0), m = max(v, rows: -50..0) by k | last s
window_median | 1..n | map {v: it * 7919 % 1003} | window m = median(v, rows: -100..0) | last m
join | 1..n | map {k: it} | join (1..n | map {k: it, v: it * 2}) on k | sum v
left_join | 1..n | map {k: it * 2} | left_join (1..n | map {k: it, v: it * 2}) on k | sum v
semi_join | 1..n | map {k: it * 2} | semi_join (1..n | map {k: it}) on k | count
full_join | 1..n | map {k: it * 2} | full_join (1..n | map {k: it, v: 1}) on k | count
asof_join | 1..n | map {t: it * 3} | asof_join (1..n | map {u: it * 2, v: it}) on t >= u | sum v
union | 1..n | union 1..n | sum it
explode | 1..n | map {k: it, xs: [it, it + 1, it + 2]} | explode x = xs | sum x
unpivot | 1..n | map {k: it, a: 1, b: 2, c: 3} | unpivot a, b, c | sum value
pivot | 1..n | map {k: it % 1000, m: it % 3} | pivot s = count(), key: m, values: [0, 1, 2] by k | count
nest | 1..n | map {k: it % 1000, v: it} | nest by k | count
parse | 1..n | map f"k{it} v={it}" | parse it, "{k} v={v:int}" | sum v
scan | 1..n | scan 0, (s, x) => (s + x) % 1000003 | last
sample | 1..n | sample n: 1000 | count
describe | 1..n | map {a: it, b: it % 100} | describe
SCRIPTS
)
awk -v worst="$WORST" 'BEGIN {printf "worst ratio %.1f\n", worst; exit worst > 13}'
