select month, day, origin, count(*) as flights, count(*) filter (dep_time is null) as cancelled,
       avg((dep_time is null)::int) as share
from read_csv('tests/data/real/flights.csv', nullstr = 'NA')
group by all
order by month, day, origin
