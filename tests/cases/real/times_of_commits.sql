select isodow(strptime(split_part(time, ' ', 1), '%Y/%m/%d')) as weekday, split_part(time, ' ', 2)[:2]::int // 6 as part,
       sum(count) as commits
from read_csv('tests/data/real/github.csv', types = {'time': 'varchar'})
group by all
order by commits desc, weekday, part
limit 10
