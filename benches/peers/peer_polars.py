"""The same work in Polars: peer_polars.py C1|C2|N1 [sales.csv]"""
import sys

import polars as pl
from polars import col

work, sales = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
if work == "C1":
    rows = pl.scan_csv(sales).filter((col("region") == "eu-west") & (col("qty") >= 3))
    total = (col("qty") * col("price") * (1 - col("discount").fill_null(0))).sum()
    print(rows.select(pl.len(), total).collect(engine="streaming").write_csv(), end="")
elif work == "C2":
    groups = pl.scan_csv(sales).group_by("region", "product")
    reduced = groups.agg(col("qty").sum().alias("sold"), col("price").mean(), pl.len())
    print(reduced.sort("region", "product").collect(engine="streaming").write_csv(), end="")
else:
    numbers = pl.LazyFrame().select(x=pl.int_range(0, 100_000_000))
    print(numbers.filter(col("x") % 2 == 1).select((col("x") * col("x") // 1_000_000_000).sum()).collect().item())
