select date_trunc('month', "Flight Date")::date as month, count(*) as strikes,
       sum(count(*)) over (order by month) as so_far, count(*) / sum(count(*)) over () as share
from 'tests/data/real/birdstrikes.csv'
where year("Flight Date") = 1999
group by month
order by month
