with flights as (
  select carrier, dep_time // 100 * 60 + dep_time % 100 - (sched_dep_time // 100 * 60 + sched_dep_time % 100)
         - (arr_time // 100 * 60 + arr_time % 100) + (sched_arr_time // 100 * 60 + sched_arr_time % 100) as made_up
  from read_csv('tests/data/real/flights.csv', nullstr = 'NA'))
select carrier, count(*) as flights, avg(made_up) as made_up, max(made_up) as most
from flights
where abs(made_up) < 600
group by carrier
order by most desc, carrier
