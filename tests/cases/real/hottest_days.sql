select year(date) as year, date, temp_max, weather
from 'tests/data/seattle-weather.csv'
qualify row_number() over (partition by year(date) order by temp_max desc, date) <= 3
order by year, temp_max desc, date
