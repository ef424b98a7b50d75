with months as (
  select strptime(date, '%b %d %Y')::date as date, price
  from read_csv('tests/data/real/sp500.csv', types = {'date': 'varchar'}))
select date, price, max(price) over (order by date) as best, 1 - price / best as fall
from months
order by fall desc
limit 5
