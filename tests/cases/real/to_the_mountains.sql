with flights as (from read_csv('tests/data/real/flights.csv', nullstr = 'NA'))
select month, dest, count(*) as flights, count(*) filter (arr_delay > 0) as late
from flights
where dest in (select faa from 'tests/data/real/airports.csv' where tzone = 'America/Denver')
  and origin not in (
    select origin from read_csv('tests/data/real/weather.csv', nullstr = 'NA') where wind_gust > 38)
group by all
order by month, dest
