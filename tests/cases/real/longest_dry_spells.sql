with runs as (
  select date, date - row_number() over (order by date)::int as run
  from 'tests/data/seattle-weather.csv'
  where precipitation = 0)
select min(date) as start, max(date) as end, count(*) as dry
from runs
group by run
order by dry desc, "end"
limit 5
