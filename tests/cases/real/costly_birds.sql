select "Wildlife Size" as wildlife_size, count(*) as strikes, sum("Cost Total $") as cost,
       avg(("Cost Total $" = 0)::int) as free, arg_max("Wildlife Species", "Cost Total $") as dearest
from 'tests/data/real/birdstrikes.csv'
group by 1
order by 1 nulls last
