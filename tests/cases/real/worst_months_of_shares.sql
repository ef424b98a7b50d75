with months as (
  select strptime(date, '%b %d %Y')::date as date, price
  from read_csv('tests/data/real/sp500.csv', types = {'date': 'varchar'}))
select strftime(date, '%Y-%m') as month, price, lag(price) over (order by date) as before,
       price / before - 1 as change
from months
qualify change < -0.05
order by change
