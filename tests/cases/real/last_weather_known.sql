with pressures as (
  select origin, time_hour as known_at, pressure
  from read_csv('tests/data/real/weather.csv', nullstr = 'NA')
  where pressure is not null),
flights as (from read_csv('tests/data/real/flights.csv', nullstr = 'NA') where day = 8 and carrier = 'DL')
select flight, f.origin, time_hour, case when time_hour - known_at <= interval 3 hour then known_at end as known_at,
       case when time_hour - known_at <= interval 3 hour then pressure end as pressure
from flights f asof left join pressures p on f.origin = p.origin and f.time_hour >= p.known_at
order by time_hour, flight
limit 30
