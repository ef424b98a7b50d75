with flights as (select *, row_number() over () as n from read_csv('tests/data/real/flights.csv', nullstr = 'NA'))
select carrier, count(*) as flights, first(flight order by n) as first
from flights
group by carrier
