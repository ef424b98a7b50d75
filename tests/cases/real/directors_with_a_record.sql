with films as (
  select *, row_number() over (order by "IMDB Rating" desc, Title) as n
  from 'tests/data/real/movies.csv'
  where Director is not null and "IMDB Rating" is not null),
genres as (
  select Director, list(genre order by n) as genres
  from (select Director, "Major Genre" as genre, min(n) as n from films where "Major Genre" is not null group by all)
  group by Director)
select Director, count(*) as films, first(Title order by n) as best, last(Title order by n) as worst, genres
from films left join genres using (Director)
group by Director, genres
having films >= 4
order by films desc, Director
