with cars as (select *, row_number() over () as n from 'tests/data/real/cars.csv')
select string_split(Name, ' ')[1] as maker, count(*) as cars, min(Weight_in_lbs) as lightest,
       string_agg(Origin, '/' order by n) as origins
from cars
group by maker
having cars between 3 and 6
order by maker
