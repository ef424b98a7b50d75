with days as (select weather, lead(weather) over (order by date) as tomorrow from 'tests/data/seattle-weather.csv')
select weather, count(*) filter (tomorrow = 'drizzle') as drizzle, count(*) filter (tomorrow = 'fog') as fog,
       count(*) filter (tomorrow = 'rain') as rain, count(*) filter (tomorrow = 'snow') as snow,
       count(*) filter (tomorrow = 'sun') as sun
from days
group by weather
order by weather
