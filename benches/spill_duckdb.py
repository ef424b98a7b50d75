#!/usr/bin/env python3
"""What DuckDB makes of the file of `spill.sh`: the checksums of its sort, aggregate, distinct and join, which must be those that
`spill.sh` prints. For machines that have no memory for a run of Pipe without a limit.

    pip install duckdb
    benches/spill_duckdb.py FOLDER [ROWS] [NAME ...]

Makes the file in FOLDER with the binary PIPE (target/release/pipe) where it is not there yet; DuckDB's own files go there too. At
125,000,000 rows FOLDER needs 25 GB.
"""

import hashlib
import os
import pathlib
import subprocess
import sys

import duckdb

folder = pathlib.Path(sys.argv[1])
rows = int(sys.argv[2]) if len(sys.argv) > 2 else 125_000_000
file, out = folder / f"rows{rows}.csv", folder / "out.csv"
if not file.exists():
    script = f"""1..{rows} | map {{id: it, key: it * 7919 % ({rows} * 5 // 12), price: float(it % 100000) / 8,
                                      name: f"name {{it * 31 % 999983}}"}} | write("{file}")"""
    subprocess.run([os.environ.get("PIPE", "target/release/pipe"), "-e", script], check=True)

table = f"read_csv('{file}', types = {{'price': 'DOUBLE'}})"
# Where Pipe keeps the order of the file, `id` says what that is.
queries = {
    "sort": f"select * from {table} order by key, price desc, id",
    "aggregate": f"""select key, count(*) as n, sum(price) as total, arg_min(name, id) as first from {table}
                     group by key order by min(id)""",
    "distinct": f"select id, name from (select min(id) as id, arg_min(name, id) as name from {table} group by key) order by id",
    "join": f"""select a.id, a.name, b.price from {table} a
                join (select id, price from {table} where id % 4 <> 0) b on a.id = b.id order by a.id""",
}
database = duckdb.connect()
database.execute(f"set memory_limit = '8GB'; set temp_directory = '{folder}'")
for name in sys.argv[3:] or queries:
    database.execute(f"copy ({queries[name]}) to '{out}' (header)")
    with open(out, "rb") as result:
        print(f"{name:24} {hashlib.file_digest(result, 'md5').hexdigest()[:8]}", flush=True)
    out.unlink()
