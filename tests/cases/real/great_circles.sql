with routes as (
  select distinct origin, dest, distance from read_csv('tests/data/real/flights.csv', nullstr = 'NA')),
airports as (from 'tests/data/real/airports.csv')
select origin, dest, distance,
       2 * 3959 * asin(sqrt(sin(radians(t.lat - f.lat) / 2) ** 2
         + cos(radians(f.lat)) * cos(radians(t.lat)) * sin(radians(t.lon - f.lon) / 2) ** 2)) as miles,
       abs(miles - distance) as off
from routes join airports f on origin = f.faa join airports t on dest = t.faa
order by off desc
limit 10
