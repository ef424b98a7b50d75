select weather, count(*) as days, fsum(precipitation) as rain, max(temp_max) as warmest
from read_csv('tests/data/seattle-weather.csv')
where precipitation > 0
group by weather
order by weather
