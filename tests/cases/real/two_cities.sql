select make_date(year, month, day) as date, round((max(temp) - 32) / 1.8, 1) as warmest, fsum(precip) as rain,
       'New York' as city
from read_csv('tests/data/real/weather.csv', nullstr = 'NA')
group by date
union all by name
select date, 'Seattle' as city, temp_max as warmest, precipitation as rain
from 'tests/data/seattle-weather.csv'
where date >= date '2013-01-01' and date < date '2013-01-04'
order by city, date
