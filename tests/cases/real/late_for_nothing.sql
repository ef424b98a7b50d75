select carrier, sum(arr_delay) filter (dest = 'MIA') as minutes, avg(arr_delay) filter (dest = 'MIA') as mean
from read_csv('tests/data/real/flights.csv', nullstr = 'NA')
group by carrier
order by carrier
