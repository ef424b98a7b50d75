select origin, carrier, count(*) as flights,
       count(*) / sum(count(*)) over (partition by origin) as share,
       rank() over (partition by origin order by count(*) desc) as place
from read_csv('tests/data/real/flights.csv', nullstr = 'NA')
group by origin, carrier
qualify place <= 3
order by origin, place, carrier
