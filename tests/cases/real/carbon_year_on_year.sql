select Date, CO2 - lag(CO2, 12) over (order by Date) as change, avg(CO2) over w as year, count(*) over w as months
from 'tests/data/real/co2-concentration.csv'
window w as (order by Date range between interval 365 day preceding and current row)
qualify Date >= date '2017-06-01'
order by Date
