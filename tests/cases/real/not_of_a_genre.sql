select "Major Genre" as genre, count(*) as films
from 'tests/data/real/movies.csv'
where "Major Genre" is distinct from 'Drama' and "MPAA Rating" = 'G'
group by genre
order by films desc, genre nulls last
