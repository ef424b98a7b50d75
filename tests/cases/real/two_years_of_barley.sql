with pairs as (
  select site, variety, sum(yield) filter (year = 1932) - sum(yield) filter (year = 1931) as change
  from 'tests/data/real/barley.csv'
  group by all)
select site, count(*) as varieties, count(*) filter (change > 0) as better, avg(change) as change
from pairs
group by site
order by site
