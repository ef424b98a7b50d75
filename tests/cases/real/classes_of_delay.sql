select case when arr_delay is null then 'unknown' when arr_delay < -15 then 'early' when arr_delay <= 15 then 'on time'
            when arr_delay < 60 then 'late' else 'very late' end as class,
       count(*) as flights, avg(arr_delay) as average, sum(dep_delay) as lost
from read_csv('tests/data/real/flights.csv', nullstr = 'NA')
group by class
order by class
