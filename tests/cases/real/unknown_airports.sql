select dest, count(*) as flights
from read_csv('tests/data/real/flights.csv', nullstr = 'NA')
where dest not in (select faa from 'tests/data/real/airports.csv')
group by dest
order by dest
