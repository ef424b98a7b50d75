with flights as (from read_csv('tests/data/real/flights.csv', nullstr = 'NA') where tailnum is not null)
select a.month, a.dest, count(*) as pairs,
       min(b.dep_time - a.arr_time) filter (b.dep_time > a.arr_time) as shortest
from flights a join flights b
  on a.tailnum = b.tailnum and a.month = b.month and a.dest = b.origin and a.dep_time < b.dep_time
group by all
order by a.month, pairs desc, a.dest
