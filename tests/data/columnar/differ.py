"""Parquet and Arrow files drawn by chance, between Pipe, DuckDB and pyarrow.

    python differ.py PIPE [COUNT [SEED]]        needs pyarrow and duckdb; not part of the suite

Each round draws a table of columns of all types. One of the others writes it, with a compression, an encoding and sizes of
pages and row groups drawn too; Pipe reads it, and must find what the others find. Then Pipe writes what it has read, as
Parquet and as Arrow in each of its compressions, and the others must find the same again.
"""

import collections
import datetime
import decimal
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import duckdb
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

from spelling import spelled

PIPE = sys.argv[1]
COUNT = int(sys.argv[2]) if len(sys.argv) > 2 else 100
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else 1
EPOCH = datetime.datetime(1970, 1, 1)
COMPRESSIONS = ["none", "snappy", "gzip", "zstd", "lz4", "brotli"]
PARQUET = ["none", "snappy", "gzip", "lz4", "zstd"]
ARROW = ["none", "lz4", "zstd"]
TEXTS = ["", "a", "grüße", "日本語", "a text that does not fit into a view", "\n\"x\",", "\t", "null", "0"]


def int_of(draw, bits, signed=True):
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return draw.choice([low, high, 0, 1, draw.randint(low, high), draw.randint(max(low, -100), min(high, 100))])


def float_of(draw):
    return draw.choice([0.0, -0.0, 0.1, 1e300, -5e-324, draw.uniform(-1e6, 1e6), float(draw.randint(-9, 9))])


def decimal_of(draw, digits, scale):
    return decimal.Decimal(draw.randint(-(10**digits) + 1, 10**digits - 1)).scaleb(-scale)


def date_of(draw):
    return datetime.date.fromordinal(draw.choice([1, 719_163, 738_000, draw.randint(600_000, 800_000), 3_652_059]))


def time_of(draw):
    return EPOCH + datetime.timedelta(microseconds=draw.randint(-9 * 10**15, 9 * 10**15))


def text_of(draw):
    return draw.choice(TEXTS) if draw.random() < 0.7 else "x" * draw.randint(0, 60)


def bytes_of(draw, length):
    return bytes(draw.randrange(256) for _ in range(length))


def clock_of(draw, step):
    micros = draw.randrange(86_400_000_000) // step * step
    return (EPOCH + datetime.timedelta(microseconds=micros)).time()


# A type and how a value of it is drawn. What DuckDB cannot read is of pyarrow alone.
TYPES = {
    "bool": (pa.bool_(), lambda draw: draw.random() < 0.5),
    "i8": (pa.int8(), lambda draw: int_of(draw, 8)),
    "i16": (pa.int16(), lambda draw: int_of(draw, 16)),
    "i32": (pa.int32(), lambda draw: int_of(draw, 32)),
    "i64": (pa.int64(), lambda draw: int_of(draw, 64)),
    "u8": (pa.uint8(), lambda draw: int_of(draw, 8, False)),
    "u16": (pa.uint16(), lambda draw: int_of(draw, 16, False)),
    "u32": (pa.uint32(), lambda draw: int_of(draw, 32, False)),
    "u64": (pa.uint64(), lambda draw: int_of(draw, 63, False)),
    "f32": (pa.float32(), lambda draw: draw.choice([0.5, -0.0, 0.25, float(draw.randint(-999, 999))])),
    "f64": (pa.float64(), float_of),
    "d9": (pa.decimal128(9, 2), lambda draw: decimal_of(draw, 9, 2)),
    "d18": (pa.decimal128(18, 6), lambda draw: decimal_of(draw, 18, 6)),
    "d38": (pa.decimal128(38, 10), lambda draw: decimal_of(draw, 38, 10)),
    "text": (pa.string(), text_of),
    "words": (pa.dictionary(pa.int32(), pa.string()), lambda draw: draw.choice(TEXTS)),
    "bytes": (pa.binary(), lambda draw: bytes_of(draw, draw.randint(0, 40))),
    "fixed": (pa.binary(5), lambda draw: bytes_of(draw, 5)),
    "date": (pa.date32(), date_of),
    "ms": (pa.timestamp("ms"), lambda draw: time_of(draw).replace(microsecond=0)),
    "us": (pa.timestamp("us"), time_of),
    "ns": (pa.timestamp("ns"), time_of),
    "zone": (pa.timestamp("us", "UTC"), time_of),
    "time_ms": (pa.time32("ms"), lambda draw: clock_of(draw, 1000)),
    "time_us": (pa.time64("us"), lambda draw: clock_of(draw, 1)),
}
ENCODINGS = {
    "i32": ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
    "i64": ["PLAIN", "DELTA_BINARY_PACKED", "BYTE_STREAM_SPLIT"],
    "f64": ["PLAIN", "BYTE_STREAM_SPLIT"],
    "text": ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"],
    "bytes": ["PLAIN", "DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY"],
    "bool": ["PLAIN", "RLE"],
}


def column(draw, name, rows):
    """A column, perhaps of lists or records, with nulls or without."""
    kind, value = TYPES[name]
    nulls = draw.choice([0, 0, 0.1, 0.9, 1])
    maybe = lambda make: None if draw.random() < nulls else make()
    runs = draw.random() < 0.3
    shape = draw.choice(["flat"] * 4 + ["list", "record", "lists"]) if name != "words" else "flat"
    one = lambda: maybe(lambda: value(draw))
    many = lambda make: maybe(lambda: [make() for _ in range(draw.randint(0, 4))])
    make, kind = {
        "flat": (one, kind),
        "list": (lambda: many(one), pa.list_(kind)),
        "lists": (lambda: many(lambda: many(one)), pa.list_(pa.list_(kind))),
        "record": (lambda: maybe(lambda: {"a": one(), "b": one()}), pa.struct([("a", kind), ("b", kind)])),
    }[shape]
    values = []
    while len(values) < rows:
        values += [make()] * (draw.randint(1, 50) if runs else 1)
    return f"{name}_{shape}", pa.array(values[:rows], kind)


def table(draw):
    rows = draw.choice([0, 1, 7, 100, draw.randint(0, 3000)])
    names = draw.sample(list(TYPES), draw.randint(1, 8))
    return pa.table(dict(column(draw, name, rows) for name in names))


def by_arrow(draw, data, path):
    """pyarrow writes it; how is what is said of it."""
    own = {name: draw.choice(known) for name, known in ENCODINGS.items() if draw.random() < 0.6}
    encodings = {name: own[name.split("_")[0]] for name in data.column_names
                 if name.endswith("_flat") and name.split("_")[0] in own}
    options = {
        "compression": draw.choice(COMPRESSIONS[:5]),
        "row_group_size": draw.choice([1, 13, 1000, 100_000]),
        "data_page_size": draw.choice([1, 100, 1 << 20]),
        "data_page_version": draw.choice(["1.0", "2.0"]),
        "version": draw.choice(["1.0", "2.4", "2.6"]),
        "use_dictionary": False if encodings else draw.random() < 0.7,
        "column_encoding": encodings or None,
        "write_statistics": draw.random() < 0.5,
        "store_schema": draw.random() < 0.5,
        "write_page_index": draw.random() < 0.3,
        "use_compliant_nested_type": draw.random() < 0.5,
        "allow_truncated_timestamps": True,
    }
    if options["version"] != "2.6":
        options["coerce_timestamps"] = "us"
    pq.write_table(data, path, **options)
    return f"pyarrow {options}"


def by_duckdb(draw, data, path):
    options = {
        "COMPRESSION": draw.choice(["uncompressed", "snappy", "gzip", "zstd", "lz4_raw"]),
        "ROW_GROUP_SIZE": draw.choice([2048, 4096, 100_000]),
        "PARQUET_VERSION": draw.choice(["V1", "V2"]),
    }
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("data", data)
    listed = ", ".join(f"{name} {value}" for name, value in options.items())
    connection.execute(f"COPY data TO '{path}' (FORMAT parquet, {listed})")
    return f"duckdb {options}"


def found_by_duckdb(path):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    rows = connection.execute(f"SELECT * FROM read_parquet('{path}')")
    names = [each[0] for each in rows.description]
    return [dict(zip(names, map(spelled, row))) for row in rows.fetchall()]


def found_by_arrow(data):
    """What is in a table of pyarrow; its nanoseconds are whole microseconds here."""
    def plain(kind):
        if pa.types.is_timestamp(kind) and kind.unit == "ns":
            return pa.timestamp("us", kind.tz)
        if pa.types.is_list(kind):
            return pa.list_(plain(kind.value_type))
        if pa.types.is_struct(kind):
            return pa.struct([(field.name, plain(field.type)) for field in kind])
        return kind.value_type if pa.types.is_dictionary(kind) else kind

    data = data.cast(pa.schema([(field.name, plain(field.type)) for field in data.schema]))
    return [{name: spelled(value) for name, value in row.items()} for row in data.to_pylist()]


def found_by_pipe(script):
    ran = subprocess.run([PIPE, "--format", "jsonl", "-e", script], capture_output=True, text=True)
    if ran.returncode:
        raise AssertionError(f"{script}\n{ran.stderr}")
    return [json.loads(line) for line in ran.stdout.splitlines()]


def same(expected, found, what):
    if expected != found:
        at = next((i for i, pair in enumerate(zip(expected, found)) if pair[0] != pair[1]), None)
        if at is None:
            raise AssertionError(f"{what}: {len(expected)} rows, and Pipe has {len(found)}")
        wrong = [name for name in expected[at] if expected[at][name] != found[at].get(name)]
        values = [(name, expected[at][name], found[at].get(name)) for name in wrong]
        raise AssertionError(f"{what}, row {at}: {values}")


def round_of(draw, folder, counts):
    data, path = table(draw), folder / "drawn.parquet"
    writer = draw.choice([by_arrow, by_arrow, by_duckdb])
    how = writer(draw, data, path)
    found = found_by_pipe(f"read({json.dumps(str(path))})")
    same(found_by_duckdb(path), found, f"read, against DuckDB: {how}")
    try:
        same(found_by_arrow(pq.read_table(path)), found, f"read, against pyarrow: {how}")
    except (pa.ArrowInvalid, OSError):
        # pyarrow cannot read all that is written here: of DuckDB's, differences of 32-bit ints in more than 32 bits.
        counts["not read by pyarrow"] += 1
    counts["Parquet files read"] += 1
    packed = {"compression": draw.choice(["uncompressed", "lz4", "zstd"]), "chunksize": draw.choice([1, 64, 4096])}
    pyarrow.feather.write_feather(data, folder / "drawn.arrow", **packed)
    arrow = f"read({json.dumps(str(folder / 'drawn.arrow'))})"
    same(found_by_arrow(data), found_by_pipe(arrow), f"read Arrow: {packed}")
    counts["Arrow files read"] += 1
    # What other readers have no word for is left out: durations.
    kept = [field.name for field in data.schema if "time_" not in field.name]
    if not kept:
        return
    columns = ", ".join(kept)
    found = found_by_pipe(f"read({json.dumps(str(path))}) | select {columns}")
    for compression in PARQUET:
        out = folder / f"{compression}.parquet"
        found_by_pipe(f"read({json.dumps(str(path))}) | select {columns} "
                      f"| write {json.dumps(str(out))}, compression: \"{compression}\"")
        same(found_by_duckdb(out), found, f"written, by DuckDB: {compression}")
        same(found_by_arrow(pq.read_table(out)), found, f"written, by pyarrow: {compression}")
        counts["Parquet files written"] += 1
    for compression in ARROW:
        out = folder / f"{compression}.arrow"
        found_by_pipe(f"read({json.dumps(str(path))}) | select {columns} "
                      f"| write {json.dumps(str(out))}, compression: \"{compression}\"")
        with pa.memory_map(str(out)) as mapped:
            same(found_by_arrow(pa.ipc.open_file(mapped).read_all()), found, f"written Arrow: {compression}")
        counts["Arrow files written"] += 1


def main():
    counts, failed = collections.Counter(), 0
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(SEED, SEED + COUNT):
            try:
                round_of(random.Random(seed), pathlib.Path(folder), counts)
            except AssertionError as error:
                failed += 1
                print(f"seed {seed}: {error}"[:2000])
    print(f"{COUNT} rounds from seed {SEED}, {failed} that differ: {dict(counts)}")
    sys.exit(failed > 0)


main()
