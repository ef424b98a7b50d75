select manufacturer, engine, count(*) as planes, sum(seats) as seats, min(year) as first,
       count(distinct model) as models, count(*) / sum(count(*)) over (partition by engine) as share
from read_csv('tests/data/real/planes.csv', nullstr = 'NA')
group by manufacturer, engine
qualify planes > 5
order by engine, planes desc, manufacturer
