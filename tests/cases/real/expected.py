#!/usr/bin/env python3
"""Makes the expected outputs of this folder with DuckDB: `pip install duckdb`, then run it from anywhere. With names of
cases it makes those only. What is written here is what Pipe is held to; BLESS=1 leaves this folder alone.

Values are written as Pipe spells them: dates and times as in ISO 8601, nulls as nothing, empty texts in quotes, lists as
JSON. Where the answers differ for a good reason, `agreed.txt` says so.
"""

import datetime
import json
import os
import pathlib
import sys

import duckdb

HERE = pathlib.Path(__file__).resolve().parent


def cell(value):
    """A value as it stands in a CSV file of Pipe."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case datetime.datetime():
            return moment(value)
        case datetime.timedelta():
            return duration(value)
        case list() | dict():
            return quoted(json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str))
        case str():
            return quoted(value)
        case _:
            return str(value)


def quoted(text):
    needs_quotes = text == "" or any(character in text for character in ',"\r\n')
    return '"' + text.replace('"', '""') + '"' if needs_quotes else text


def moment(value):
    """A time in UTC; DuckDB gives those of a file with their zone."""
    if value.tzinfo:
        value = value.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    text = value.isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def duration(value):
    """A duration in ISO 8601, in days, hours, minutes and seconds."""
    micros = value // datetime.timedelta(microseconds=1)
    sign, micros = ("-" if micros < 0 else ""), abs(micros)
    seconds, micros = divmod(micros, 1_000_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    fraction = f".{micros:06}".rstrip("0") if micros else ""
    time = "".join(f"{n}{unit}" for n, unit in [(hours, "H"), (minutes, "M")] if n)
    time += f"{seconds}{fraction}S" if seconds or fraction else ""
    text = (f"{days}D" if days else "") + (f"T{time}" if time else "")
    return f"{sign}P{text or 'T0S'}"


def main():
    os.chdir(HERE.parent.parent.parent)
    queries = [HERE / f"{name}.sql" for name in sys.argv[1:]] or sorted(HERE.glob("*.sql"))
    for query in queries:
        result = duckdb.connect().execute(query.read_text())
        lines = [",".join(quoted(column[0]) for column in result.description)]
        lines += [",".join(map(cell, row)) for row in result.fetchall()]
        query.with_suffix(".out").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
