select carrier, count(arr_delay) as flights, median(arr_delay) as middle, quantile_cont(arr_delay, 0.9) as tail,
       stddev_samp(arr_delay) as spread
from read_csv('tests/data/real/flights.csv', nullstr = 'NA')
group by carrier
having flights > 1
order by tail desc, carrier
