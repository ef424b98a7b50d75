select tailnum, count(*) as legs, string_agg(dest, '>' order by dep_time) as route,
       list(origin order by dep_time) as origins
from read_csv('tests/data/real/flights.csv', nullstr = 'NA')
where month = 1 and tailnum is not null and dep_time is not null
group by tailnum
having legs >= 4
order by tailnum
