select year(try_strptime("Release Date"::varchar, '%b %d %Y')) // 10 * 10 as decade, count(*) as films,
       sum("US Gross") as gross, count("IMDB Rating") as rated, avg("IMDB Rating") as rating
from read_csv('tests/data/real/movies.csv', types = {'Release Date': 'varchar'})
group by decade
order by decade nulls last
