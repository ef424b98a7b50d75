"""Makes the files of this folder, and asks DuckDB what is in them.

    python make.py        needs pyarrow and duckdb; what it wrote is committed

`NAME.jsonl` is what DuckDB finds in `NAME.parquet`, spelled as Pipe spells it; `tests/columnar.rs` holds Pipe to it.
"""

import datetime
import decimal
import json
import pathlib

import duckdb
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq

from spelling import spelled

HERE = pathlib.Path(__file__).parent
D = decimal.Decimal
DAY = datetime.date(2024, 2, 29)
TIME = datetime.datetime(2024, 2, 29, 12, 34, 56)


def answer(name):
    """What DuckDB finds in a file."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    rows = connection.execute(f"SELECT * FROM read_parquet('{HERE / name}.parquet')")
    names = [column[0] for column in rows.description]
    with open(HERE / f"{name}.jsonl", "w") as out:
        for row in rows.fetchall():
            out.write(json.dumps(dict(zip(names, map(spelled, row))), ensure_ascii=False) + "\n")


def write(name, table, **options):
    pq.write_table(table, HERE / f"{name}.parquet", **options)
    answer(name)


def flat():
    """A column of each flat type, with nulls."""
    return pa.table({
        "bool": pa.array([True, None, False, True, False, None, True], pa.bool_()),
        "i8": pa.array([-128, None, 127, 0, 1, 2, 3], pa.int8()),
        "i16": pa.array([-32768, 32767, None, 0, 1, 2, 3], pa.int16()),
        "i32": pa.array([-(2**31), 2**31 - 1, 0, None, 1, 2, 3], pa.int32()),
        "i64": pa.array([-(2**63), 2**63 - 1, 0, 1, None, 2, 3], pa.int64()),
        "u8": pa.array([0, 255, None, 1, 2, 3, 4], pa.uint8()),
        "u16": pa.array([0, 65535, None, 1, 2, 3, 4], pa.uint16()),
        "u32": pa.array([0, 2**32 - 1, None, 1, 2, 3, 4], pa.uint32()),
        "u64": pa.array([0, 2**63 - 1, None, 1, 2, 3, 4], pa.uint64()),
        "f32": pa.array([0.1, -0.0, None, 1e38, 1e-45, 2.5, 3.0], pa.float32()),
        "f64": pa.array([0.1, -0.0, None, 1e308, 5e-324, 2.5, float("nan")], pa.float64()),
        "d9": pa.array([D("1.23"), D("-9999999.99"), None, D("0.07"), D("0"), D("1"), D("2")], pa.decimal128(9, 2)),
        "d38": pa.array([D("1234567890123456789.0123456789"), D("-0.0000000001"), None, D("0.3"), D("1"), D("2"),
                         D("9007199254740993")], pa.decimal128(38, 10)),
        "text": pa.array(["", "a", None, "grüße", "日本語", "a long text that does not fit into a view", "\n\"x\","]),
        "bytes": pa.array([b"", b"\x00\xff", None, b"abc", b"d", b"e", b"f" * 20], pa.binary()),
        "fixed": pa.array([b"abcd", b"\x00\x01\x02\x03", None, b"efgh", b"ijkl", b"mnop", b"qrst"], pa.binary(4)),
        "date": pa.array([DAY, datetime.date(1, 1, 1), None, datetime.date(9999, 12, 31), DAY, DAY, DAY]),
        "ts_ms": pa.array([TIME, TIME, None, TIME, TIME, TIME, TIME], pa.timestamp("ms")),
        "ts_us": pa.array([TIME.replace(microsecond=1), TIME, None, TIME, TIME, TIME, TIME], pa.timestamp("us")),
        "ts_ns": pa.array([TIME.replace(microsecond=1), TIME, None, TIME, TIME, TIME, TIME], pa.timestamp("ns")),
        "ts_zone": pa.array([TIME, TIME, None, TIME, TIME, TIME, TIME], pa.timestamp("us", "Europe/Berlin")),
        "time_ms": pa.array([datetime.time(0, 0, 1), datetime.time(23, 59), None, datetime.time(0), datetime.time(1),
                             datetime.time(2), datetime.time(3)], pa.time32("ms")),
        "time_us": pa.array([datetime.time(0, 0, 1, 500000), datetime.time(23, 59), None, datetime.time(0),
                             datetime.time(1), datetime.time(2), datetime.time(3)], pa.time64("us")),
        "kind": pa.array(["a", "b", None, "a", "a", "c", "b"]).dictionary_encode(),
    })


def nested():
    """Lists, records and maps, in each other."""
    point = pa.struct([("x", pa.int32()), ("y", pa.float64())])
    return pa.table({
        "list": pa.array([[1, 2], [], None, [None, 3], [4]], pa.list_(pa.int32())),
        "texts": pa.array([["a"], ["b", None], None, [], ["c"]], pa.large_list(pa.string())),
        "pair": pa.array([[1.5, 2.5], None, [3.5, None], [0, 1], [2, 3]], pa.list_(pa.float32(), 2)),
        "point": pa.array([{"x": 1, "y": 2.0}, None, {"x": None, "y": 4.0}, {"x": 5, "y": None}, {"x": 6, "y": 7.0}],
                          point),
        "map": pa.array([[("a", 1), ("b", 2)], [], None, [("c", None)], [("d", 4)]], pa.map_(pa.string(), pa.int64())),
        "points": pa.array([[{"x": 1, "y": 1.0}, None], None, [], [{"x": 2, "y": None}], [{"x": 3, "y": 3.0}]],
                           pa.list_(point)),
        "lists": pa.array([[[1], [2, 3]], [[]], None, [None, [4]], []], pa.list_(pa.list_(pa.int64()))),
    })


def long():
    """Enough rows for several row groups and pages."""
    numbers = range(2000)
    return pa.table({
        "id": pa.array(numbers, pa.int64()),
        "word": pa.array([f"word {n * 7919 % 500}" for n in numbers]),
        "price": pa.array([None if n % 11 == 0 else n * 37 % 1000 / 8 for n in numbers], pa.float64()),
        "tags": pa.array([[f"t{n % 3}"] * (n % 4) for n in numbers], pa.list_(pa.string())),
    })


def encoded():
    """Texts and numbers that begin alike, for the encodings by differences."""
    return pa.table({
        "n": pa.array([1000 + n * n for n in range(300)], pa.int32()),
        "name": pa.array([f"prefix/{n // 7:03}/{n}" for n in range(300)]),
        "f": pa.array([n / 4 for n in range(300)], pa.float32()),
    })


def parquet():
    write("flat", flat(), row_group_size=3)
    write("nested", nested(), row_group_size=2)
    write("long", long(), row_group_size=700, data_page_size=1000, compression="zstd")
    for codec in ["none", "gzip", "lz4"]:
        write(codec, encoded(), compression=codec, data_page_version="2.0")
    delta = {"n": "DELTA_BINARY_PACKED", "f": "BYTE_STREAM_SPLIT"}
    for name, encoding in [("delta_length", "DELTA_LENGTH_BYTE_ARRAY"), ("delta_text", "DELTA_BYTE_ARRAY")]:
        write(name, encoded(), use_dictionary=False, column_encoding={**delta, "name": encoding})
    write("old_times", pa.table({"at": pa.array([TIME, None, datetime.datetime(2500, 1, 1)], pa.timestamp("us"))}),
          use_deprecated_int96_timestamps=True)
    required = pa.schema([pa.field("id", pa.int64(), nullable=False), pa.field("name", pa.string())])
    write("required", pa.table([pa.array([1, 2, 3]), pa.array(["a", None, "c"])], schema=required))
    write("no_rows", flat().slice(0, 0).select(["i64", "text"]))
    duckdb.sql(f"COPY (SELECT i AS id, 'n' || i % 5 AS name, i / 4 AS q, [i, i + 1] AS pair FROM range(40) t(i))"
               f" TO '{HERE / 'of_duckdb'}.parquet' (FORMAT parquet)")
    answer("of_duckdb")
    # DuckDB takes the differences of 32-bit ints in 64 bits.
    duckdb.sql(f"COPY (SELECT [-2147483648, 2147483647, i, NULL, i * 3000011][i % 5 + 1]::INT AS n,"
               f" [4294967295, i, 0][i % 3 + 1]::UINTEGER AS u, [i, -2147483648, 2147483647, 0]::INT[] AS many"
               f" FROM range(600) t(i)) TO '{HERE / 'wide_delta'}.parquet'"
               f" (FORMAT parquet, PARQUET_VERSION V2, COMPRESSION zstd)")
    answer("wide_delta")
    pq.write_table(pa.table({"id": [1, 2], "n": pa.array([1, 2], pa.int32())}), HERE / "part_1.parquet")
    pq.write_table(pa.table({"id": [3], "n": [0.5], "more": ["x"]}), HERE / "part_2.parquet")
    pq.write_table(pa.table({"id": ["a"]}), HERE / "past_3.parquet")
    # What does not fit; nobody else need say what it is.
    pq.write_table(pa.table({
        "id": pa.array([1, 2, 3, 4], pa.int64()),
        "u": pa.array([1, 2, 2**64 - 1, 4], pa.uint64()),
        "ns": pa.array([1000, 1, 3000, 2], pa.timestamp("ns")),
    }), HERE / "misfits.parquet", row_group_size=2)
    nanoseconds()


def nanoseconds():
    """Times of nanoseconds, some of them between two microseconds."""
    times = [1_700_000_000_123_456_000, 1_700_000_000_123_456_789, None, -1]
    table = pa.table({
        "id": pa.array([1, 2, 3, 4]),
        "at": pa.array(times, pa.timestamp("ns", "Europe/Berlin")),
        "clock": pa.array([1000, 1, None, 86_399_999_999_999], pa.time64("ns")),
        "took": pa.array([1000, -1, None, 2**63 - 1], pa.duration("ns")),
        "all": pa.array([[times[0]], times[:3], None, []], pa.list_(pa.timestamp("ns"))),
        "inside": pa.array([{"at": time} for time in times], pa.struct({"at": pa.timestamp("ns")})),
    })
    pq.write_table(table, HERE / "nanoseconds.parquet")
    pa.feather.write_feather(table, HERE / "nanoseconds.arrow", compression="uncompressed")


def arrow():
    pa.feather.write_feather(flat(), HERE / "flat.arrow", compression="uncompressed", chunksize=3)
    pa.feather.write_feather(nested(), HERE / "nested.feather", compression="zstd", chunksize=2)
    with pa.ipc.new_stream(HERE / "flat.arrows", flat().schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as out:
        out.write_table(flat(), max_chunksize=2)
    odd = pa.table({
        "f16": pa.array([0.5, None, -2.0], pa.float16()),
        "d256": pa.array([D("1.5"), D("-123456789012345678901234567890123456789012.25"), None], pa.decimal256(60, 2)),
        "view": pa.array(["a", None, "a text that is longer than twelve bytes"], pa.string_view()),
        "seconds": pa.array([1, None, -1], pa.duration("s")),
        "days": pa.array([DAY, None, DAY], pa.date64()),
        "nothing": pa.nulls(3),
    })
    pa.feather.write_feather(odd, HERE / "odd.arrow", compression="uncompressed")
    intervals = pa.table({"id": [1], "span": pa.array([(1, 2, 3)], pa.month_day_nano_interval())})
    with pa.ipc.new_file(HERE / "intervals.arrow", intervals.schema) as out:
        out.write_table(intervals)
    pq.write_table(pa.table({"id": [1], "m": pa.array([[(1, "a")]], pa.map_(pa.int32(), pa.string()))}),
                   HERE / "numbered_map.parquet")


def damage():
    """Files that are cut off, or changed in one place."""
    def cut(name, to, change):
        (HERE / to).write_bytes(change((HERE / name).read_bytes()))

    cut("long.parquet", "cut.parquet", lambda data: data[: len(data) // 3])
    cut("long.parquet", "beheaded.parquet", lambda data: data[len(data) // 2 :])
    cut("required.parquet", "tiny.parquet", lambda data: data[:9])
    cut("required.parquet", "long_footer.parquet", lambda data: data[:-8] + b"\xff\xff\xff\x7fPAR1")
    cut("required.parquet", "bad_footer.parquet", lambda data: data[:-40] + b"\xff" * 32 + data[-8:])
    cut("none.parquet", "bad_page.parquet", lambda data: data[:4] + b"\xff" * 40 + data[44:])
    cut("flat.arrow", "cut.arrow", lambda data: data[: len(data) // 2])
    cut("flat.arrows", "cut.arrows", lambda data: data[: len(data) // 2])
    cut("flat.arrow", "bad_footer.arrow", lambda data: data[:-60] + b"\xff" * 50 + data[-10:])
    (HERE / "text.parquet").write_text("id,name\n1,a\n2,b\n3,c\n")
    (HERE / "text.arrow").write_text("id,name\n1,a\n2,b\n3,c\n")
    (HERE / "empty.parquet").write_bytes(b"")
    (HERE / "empty.arrow").write_bytes(b"")


parquet()
arrow()
damage()
