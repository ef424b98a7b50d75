select hour, count(*) as flights
from read_csv('tests/data/real/flights.csv', nullstr = 'NA')
group by hour
order by hour
