select month, day, origin, count(*) as flights, count(visib) as known, avg(dep_delay) as delay,
       avg(wind_speed) as wind, min(visib) as sight
from read_csv('tests/data/real/flights.csv', nullstr = 'NA')
left join (select origin, time_hour, wind_speed, visib from read_csv('tests/data/real/weather.csv', nullstr = 'NA'))
  using (origin, time_hour)
where dep_delay > 60
group by all
order by month, day, origin
