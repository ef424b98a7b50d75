select Title, format('${:,}', "US Gross") as gross, format('{:.2f}', "US Gross" / "Production Budget") as times
from 'tests/data/real/movies.csv'
where "Production Budget" > 0
order by "US Gross" desc nulls last
limit 8
