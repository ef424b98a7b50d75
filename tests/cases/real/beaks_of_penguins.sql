with penguins as (
  select Species as species, "Beak Length (mm)" as length, "Beak Depth (mm)" as depth
  from 'tests/data/real/penguins.csv')
select species, corr(length, depth) as together, count(length) as n from penguins group by species
union all
select 'all', corr(length, depth), count(length) from penguins
order by species
