select lpad(id::varchar, 5, '0') as code, code[:2] as state, code[3:] as county,
       format('{:.1f}%', rate * 100) as percent
from (select *, row_number() over () as n from read_csv('tests/data/real/unemployment.tsv'))
where county = '001'
order by n
limit 20
