select word, count(*) as n
from (select unnest(regexp_split_to_array(lower(Title), '\W+')) as word from 'tests/data/real/movies.csv')
where length(word) > 3
group by word
order by n desc, word
limit 15
