select (f.year - p.year) // 10 * 10 as age, count(*) as flights, avg(arr_delay) as delay, max(seats) as seats
from read_csv('tests/data/real/flights.csv', nullstr = 'NA') f
left join read_csv('tests/data/real/planes.csv', nullstr = 'NA') p using (tailnum)
group by age
order by age nulls last
