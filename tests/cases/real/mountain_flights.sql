select dest, name, alt, count(*) as flights, max(air_time) as longest
from read_csv('tests/data/real/flights.csv', nullstr = 'NA') join 'tests/data/real/airports.csv' on dest = faa
where alt > 4000
group by all
order by alt desc, dest
