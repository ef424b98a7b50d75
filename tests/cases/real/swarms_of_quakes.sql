with quakes as (
  select mag_type, time - lag(time) over (partition by mag_type order by time) as pause
  from 'tests/data/real/earthquakes.csv')
select mag_type, count(*) as quakes, count(*) filter (pause is null or pause > interval 20 minute) as swarms,
       max(pause) as longest, to_microseconds(sum(epoch_us(pause))::bigint) as total
from quakes
group by mag_type
order by mag_type nulls last
