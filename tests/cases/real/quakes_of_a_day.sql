select time_bucket(interval 6 hour, time) as start, count(*) as quakes, max(mag) as strongest,
       lag(count(*)) over (order by start) as before
from 'tests/data/real/earthquakes.csv'
where mag >= 2
group by start
order by start
