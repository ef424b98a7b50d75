select date, price, price as price_again
from (select *, row_number() over () as n from read_csv('tests/data/real/sp500.csv', types = {'date': 'varchar'}))
where starts_with(date, 'Jan')
order by n
