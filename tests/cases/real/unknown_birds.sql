select replace(lower(trim("Wildlife Species")), 'unknown bird', '?') as kind,
       length(lower(trim("Wildlife Species"))) > 15 as long, count(*) as strikes
from 'tests/data/real/birdstrikes.csv'
where contains(lower("Wildlife Species"), 'unknown')
group by all
order by strikes desc, kind
