select date, round(fsum(precipitation) over w, 1) as rain, count(*) over w as days
from 'tests/data/seattle-weather.csv'
where precipitation > 0
window w as (order by date range between interval 6 day preceding and current row)
order by rain desc, date
limit 5
