with flights as (
  from read_csv('tests/data/real/flights.csv', nullstr = 'NA') where month = 1 and dep_time is not null)
select tailnum, dep_time, lag(dep_time) over w as before, origin, dest, lead(dest) over w as after,
       sum(distance) over w as miles
from flights
where tailnum in (select tailnum from flights group by tailnum order by sum(distance) desc, tailnum limit 4)
window w as (partition by tailnum order by dep_time)
order by tailnum, dep_time
