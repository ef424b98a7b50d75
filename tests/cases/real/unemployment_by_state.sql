select id // 1000 as state, count(*) as counties, median(rate) as middle, quantile_cont(rate, 0.9) as upper,
       max(rate) as worst, arg_max(id, rate order by id) as worst_county
from read_csv('tests/data/real/unemployment.tsv')
group by state
order by worst desc, state
limit 10
