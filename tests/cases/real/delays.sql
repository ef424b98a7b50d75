select carrier, count(*) as flights, avg(arr_delay) as mean_delay, max(arr_delay) as worst_delay,
       avg(case when arr_delay > 15 then 1.0::double else 0.0::double end) as late_share
from read_csv('examples/data/flights.csv.gz', nullstr = 'NA')
where arr_delay is not null
group by carrier
order by mean_delay desc
