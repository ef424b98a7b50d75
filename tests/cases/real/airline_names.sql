select name, count(*) as flights, count(distinct dest) as places, mode(dest) as favourite
from read_csv('tests/data/real/flights.csv', nullstr = 'NA') join 'examples/data/airlines.csv' using (carrier)
group by name
order by flights desc, name
