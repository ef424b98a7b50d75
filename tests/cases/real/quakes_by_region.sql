select string_split(place, ', ')[-1] as region, count(*) as quakes, max(mag) as strongest, max(depth) as deepest,
       count(distinct mag_type) as kinds
from 'tests/data/real/earthquakes.csv'
group by region
having quakes >= 5
order by quakes desc, region
