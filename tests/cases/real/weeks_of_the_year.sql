select date_trunc('week', date)::date as monday, week(date) as week, count(*) as days, fsum(precipitation) as rain,
       min(date) as first
from 'tests/data/seattle-weather.csv'
where week(date) in (1, 52, 53)
group by all
order by monday
