select upper(manufacturer[1]) || lower(string_split(manufacturer, ' ')[1][2:]) as maker,
       try_cast(nullif(regexp_extract(model, '\d+'), '') as int) as number, count(*) as planes, avg(seats) as seats,
       max(year) as newest
from read_csv('tests/data/real/planes.csv', nullstr = 'NA')
group by all
having planes >= 20
order by maker, number nulls last
