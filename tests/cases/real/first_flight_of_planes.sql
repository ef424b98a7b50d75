with flights as (
  select *, row_number() over () as n
  from read_csv('tests/data/real/flights.csv', nullstr = 'NA')
  where tailnum is not null and dep_time is not null)
select tailnum, carrier, flight, origin, dest, dep_time
from flights
where tailnum in (select tailnum from flights group by tailnum having count(distinct origin) >= 2)
qualify row_number() over (partition by tailnum order by n) = 1
order by n
limit 12
