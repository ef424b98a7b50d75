select "Major Genre" as genre, count(*) as films, avg("IMDB Rating") as rating,
       sum("IMDB Rating" * "IMDB Votes") / sum("IMDB Votes") as weighed
from 'tests/data/real/movies.csv'
where "IMDB Rating" is not null
group by genre
having films >= 10
order by weighed desc
