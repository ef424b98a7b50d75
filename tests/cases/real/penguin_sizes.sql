select Species as species, Sex as sex, count(*) as n, avg("Body Mass (g)") as mass,
       stddev_samp("Body Mass (g)") as spread, median("Flipper Length (mm)") as middle
from 'tests/data/real/penguins.csv'
group by all
order by species, sex nulls last
