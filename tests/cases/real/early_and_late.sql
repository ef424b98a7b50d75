select floor(arr_delay / 30)::int as half_hours, count(*) as flights
from read_csv('tests/data/real/flights.csv', nullstr = 'NA')
where arr_delay between -50 and 50
group by half_hours
order by half_hours
