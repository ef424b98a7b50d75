select Island as island, measure, avg(mm) as mean, min(mm) as least, count(mm) as n
from (unpivot (from 'tests/data/real/penguins.csv') on "Beak Length (mm)", "Beak Depth (mm)"
      into name measure value mm)
group by all
order by island, measure
