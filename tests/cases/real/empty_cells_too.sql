with flights as (from read_csv('tests/data/real/flights.csv', nullstr = 'NA'))
select carrier, origin, count(f.flight) as flights
from (select distinct carrier from flights) cross join (select distinct origin from flights)
left join flights f using (carrier, origin)
group by all
order by carrier, origin
