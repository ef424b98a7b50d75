with weather as (
  select *, row_number() over () as n from read_csv('tests/data/real/weather.csv', nullstr = 'NA') where month = 2)
select origin, time_hour,
       fsum(precip) over (h range between interval 2 hour preceding and interval 1 hour following) as rain,
       count(wind_gust) over (h range between interval 3 hour preceding and interval 1 hour preceding) as gusts,
       max(temp) over (h rows between 1 following and 3 following) as warmest,
       first(temp) over (h rows between 2 preceding and 1 preceding) as before,
       median(temp) over (h rows between 3 preceding and 3 following) as middle,
       count(distinct wind_dir) over (h rows between unbounded preceding and current row) as changes
from weather
window h as (partition by origin order by time_hour)
order by n
