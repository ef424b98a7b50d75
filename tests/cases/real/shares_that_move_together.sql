with prices as (from read_csv('examples/data/stocks.csv', types = {'date': 'varchar'}))
select a.symbol as a, b.symbol as b, count(*) as months, corr(a.price, b.price) as together,
       covar_samp(a.price, b.price) as covariance
from prices a join prices b on a.date = b.date
where a.symbol < b.symbol
group by all
order by together desc
