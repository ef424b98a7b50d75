select quarter("Flight Date") as quarter, "Time of day" as time, count(*) as strikes
from 'tests/data/real/birdstrikes.csv'
group by all
order by quarter, strikes desc, time nulls last
