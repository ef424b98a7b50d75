with prices as (
  select symbol, strptime(date, '%b %d %Y')::date as date, price, row_number() over () as n
  from read_csv('examples/data/stocks.csv', types = {'date': 'varchar'}))
select symbol, date, price,
       case when count(*) over w = 3 then avg(price) over w end as smooth
from prices
where symbol in ('GOOG', 'IBM') and date >= date '2009-06-01'
window w as (partition by symbol order by n rows between 2 preceding and current row)
order by n
