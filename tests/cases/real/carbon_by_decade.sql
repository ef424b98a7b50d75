select year(date) // 10 * 10 as decade, count(*) as months, fsum(CO2) / count(*) as mean, min(CO2) as low,
       max(CO2) as high
from 'tests/data/real/co2-concentration.csv'
group by decade
order by decade
