with cars as (
  select *, year(Year) as model_year, row_number() over () as n
  from 'tests/data/real/cars.csv' where Miles_per_Gallon is not null)
select model_year as year, Origin, max(Miles_per_Gallon) as best,
       arg_max(Name, Miles_per_Gallon order by n) as car, count(*) as cars
from cars
where model_year >= 1978
group by all
order by year, Origin
