select regexp_replace(Title, '^(\w+) (.*)$', '\2, \1') as value
from (select Title, row_number() over () as n from 'tests/data/real/movies.csv')
where regexp_matches(Title, '^(The|A|An) .*[0-9]')
order by n
