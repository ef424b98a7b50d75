select origin, dest, count(*) as flights
from read_csv('tests/data/real/flights.csv', nullstr = 'NA')
group by all
order by flights desc, origin, dest
limit 10
