with flights as (from read_csv('tests/data/real/flights.csv', nullstr = 'NA') where dep_time is not null),
quiet as (select dest, count(*) as quiet from flights where month = 1 group by dest),
storm as (select dest, count(*) as storm from flights where month = 2 group by dest)
select dest, quiet, storm, coalesce(quiet, 0) - coalesce(storm, 0) as lost
from quiet full join storm using (dest)
order by lost desc, dest
limit 25
