select Distributor, count(*) as n, min(coalesce(Title, '?')) as first,
       count(*) filter ("Major Genre" = 'Drama') as dramas, max("IMDB Rating") as best
from 'tests/data/real/movies.csv'
group by Distributor
having n > 15
order by n desc, Distributor nulls last
