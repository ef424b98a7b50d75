select month(date) as month, mode(weather) as weather, stddev_samp(temp_max) as spread,
       corr(temp_max, temp_min) as together
from 'tests/data/seattle-weather.csv'
group by month
order by month
