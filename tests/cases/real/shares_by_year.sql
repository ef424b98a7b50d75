select year(strptime(date, '%b %d %Y')) as year,
       avg(price) filter (symbol = 'AAPL') as AAPL, avg(price) filter (symbol = 'AMZN') as AMZN,
       avg(price) filter (symbol = 'GOOG') as GOOG, avg(price) filter (symbol = 'IBM') as IBM,
       avg(price) filter (symbol = 'MSFT') as MSFT
from read_csv('examples/data/stocks.csv', types = {'date': 'varchar'})
group by year
order by year
