with parts as (
  select regexp_extract(place, '^([0-9]+)km (.*?) of (.*)$', ['km', 'direction', 'town']) as p
  from 'tests/data/real/earthquakes.csv'
  where regexp_matches(place, '^[0-9]+km .*? of .*$'))
select p.direction as direction, count(*) as quakes, max(p.km::int) as far, min(p.km::int) as near
from parts
group by direction
order by quakes desc, direction
limit 8
