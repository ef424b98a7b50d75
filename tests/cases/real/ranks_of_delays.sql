with flights as (
  select *, row_number() over () as place
  from read_csv('tests/data/real/flights.csv', nullstr = 'NA')
  where arr_delay is not null)
select carrier, arr_delay, rank() over w as rank, dense_rank() over w as dense,
       row_number() over (partition by carrier order by place) as n, flight
from flights
window w as (partition by carrier order by arr_delay desc)
qualify dense <= 2
order by carrier, rank, flight
