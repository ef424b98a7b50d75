#!/usr/bin/env python3
"""Runs the 22 queries of TPC-H with `pipe` and compares what they give with DuckDB's answers, cell by cell.

    pip install duckdb tpchgen-cli
    examples/tpch/run.py FOLDER [--scale 0.1] [--pipe target/release/pipe] [--only 3,13] [--reference]

The data are made in FOLDER/SCALE where they are not there yet. DuckDB reads the same CSV files, money as decimals; floats
agree if they are the same to 1e-9 of their size. Every query is then run by each executor on one and on two threads (with
--reference by the oracle too, which is slow), and must give the same bytes, unless --once is given.
"""

import argparse
import csv
import io
import itertools
import pathlib
import shutil
import subprocess
import sys
import time

import duckdb

HERE = pathlib.Path(__file__).resolve().parent
TABLES = ["region", "nation", "supplier", "customer", "part", "partsupp", "orders", "lineitem"]
# In Pipe a sum of no values is 0, in SQL it is null: at a small scale these have nothing to add up.
SUMS = ["q06", "q17", "q19"]
MONEY = ["s_acctbal", "c_acctbal", "p_retailprice", "ps_supplycost", "o_totalprice"] + [
    "l_quantity", "l_extendedprice", "l_discount", "l_tax"]


def make_data(folder, scale):
    """The eight tables as CSV, where they are not there yet."""
    if not all((folder / f"{table}.csv").exists() for table in TABLES):
        folder.mkdir(parents=True, exist_ok=True)
        generator = shutil.which("tpchgen-cli") or str(pathlib.Path(sys.executable).with_name("tpchgen-cli"))
        subprocess.run([generator, "csv", "-s", scale, f"--output-dir={folder}"], check=True)


def open_answers(folder):
    """A database with the tables, money as decimals, as the benchmark wants it."""
    database = duckdb.connect()
    for table in TABLES:
        path = str(folder / f"{table}.csv")
        columns = [name for name, *_ in database.execute(f"describe from read_csv('{path}')").fetchall()]
        types = ", ".join(f"'{name}': 'decimal(15, 2)'" for name in columns if name in MONEY)
        types = f", types = {{{types}}}" if types else ""
        database.execute(f"create table {table} as from read_csv('{path}'{types})")
    return database


def answer(database, query, scale):
    """The names of the columns and the rows that DuckDB gives."""
    empty = "0.0" if query in SUMS else ""
    text = (HERE / f"{query}.sql").read_text()
    result = database.execute(text, {"fraction": 0.0001 / float(scale)} if "$fraction" in text else None)
    names = [column[0] for column in result.description]
    return [names] + [[empty if cell is None else str(cell) for cell in row] for row in result.fetchall()]


def run(arguments, folder, query, options):
    """What `pipe` writes, as CSV, and how many seconds it took."""
    command = [arguments.pipe, "--format", "csv", *options, str(HERE / f"{query}.pipe")]
    if query == "q11":
        command += ["--fraction", repr(0.0001 / float(arguments.scale))]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8")
    seconds = time.perf_counter() - start
    return done.stdout if done.returncode == 0 else f"failed: {done.stderr}", seconds


def same_cell(ours, theirs):
    if ours == theirs:
        return True
    try:
        ours, theirs = float(ours), float(theirs)
    except ValueError:
        return False
    return abs(ours - theirs) <= 1e-9 * max(abs(ours), abs(theirs))


def first_difference(ours, theirs):
    """Where two tables differ first, in words; None if they do not."""
    for line, (our_row, their_row) in enumerate(itertools.zip_longest(ours, theirs), 1):
        if our_row is None or their_row is None:
            return f"{len(ours)} lines, expected {len(theirs)}"
        if len(our_row) != len(their_row) or not all(map(same_cell, our_row, their_row)):
            return f"line {line}: {our_row}, expected {their_row}"
    return None


def judge(arguments, database, folder, query):
    """What is wrong with a query, or None, the time of the first run, and DuckDB's."""
    start = time.perf_counter()
    expected = answer(database, query, arguments.scale)
    their_seconds = time.perf_counter() - start
    output, seconds = run(arguments, folder, query, [])
    wrong = output.strip() if output.startswith("failed: ") else None
    wrong = wrong or first_difference(list(csv.reader(io.StringIO(output))), expected)
    executors = ["vector", "jit"] + ["reference"] * arguments.reference
    for executor, threads in itertools.product(executors, ["1", "2"]):
        if wrong is None and not arguments.once and (executor, threads) != ("reference", "2"):
            other, _ = run(arguments, folder, query, ["--executor", executor, "--threads", threads])
            if other != output:
                wrong = f"other bytes from {executor} on {threads} threads: {other[:400]}"
    return wrong, len(expected) - 1, seconds, their_seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path, help="where the data are, or are made")
    parser.add_argument("--scale", default="0.1")
    parser.add_argument("--pipe", default=str(HERE.parent.parent / "target/release/pipe"))
    parser.add_argument("--only", help="numbers of queries, with commas")
    parser.add_argument("--reference", action="store_true", help="run the oracle too")
    parser.add_argument("--once", action="store_true", help="compare with DuckDB only, not the executors")
    arguments = parser.parse_args()
    arguments.pipe = str(pathlib.Path(arguments.pipe).resolve())
    folder = arguments.folder.resolve() / arguments.scale
    make_data(folder, arguments.scale)
    database = open_answers(folder)
    numbers = [int(number) for number in arguments.only.split(",")] if arguments.only else range(1, 23)
    failures = 0
    print(f"{'query':<6} {'answer':<6} {'rows':>6} {'seconds':>8} {'duckdb':>8}")
    for number in numbers:
        query = f"q{number:02}"
        wrong, rows, seconds, their_seconds = judge(arguments, database, folder, query)
        failures += wrong is not None
        print(f"{query:<6} {'wrong' if wrong else 'right':<6} {rows:>6} {seconds:>8.2f} {their_seconds:>8.2f}", flush=True)
        if wrong:
            print(f"       {wrong}", flush=True)
    print(f"{len(numbers) - failures} of {len(numbers)} right")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
