with commits as (
  select strptime(time, '%Y/%m/%d %H:%M:%S') as time, count
  from read_csv('tests/data/real/github.csv', types = {'time': 'varchar'})),
marked as (
  select *, (lag(time) over (order by time) is null or time - lag(time) over (order by time) > interval 2 hour)::int as new
  from commits),
numbered as (select *, sum(new) over (order by time) as burst from marked)
select burst, min(time) as start, max(time) - min(time) as length, sum(count) as commits
from numbered
group by burst
order by commits desc, burst
limit 8
