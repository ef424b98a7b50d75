with hours as (
  from read_csv('tests/data/real/weather.csv', nullstr = 'NA') where month = 2 and day = 8)
select coalesce(a.wind_gust, b.wind_gust) as gust, a.hour as newark, b.hour as kennedy
from (from hours where origin = 'EWR') a full join (from hours where origin = 'JFK') b on a.wind_gust = b.wind_gust
order by gust nulls last, newark nulls last, kennedy nulls last
