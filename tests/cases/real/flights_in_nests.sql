select dest, count(*) over (partition by dest) as n, max(air_time) over (partition by dest) as longest, carrier, flight,
       air_time
from read_csv('tests/data/real/flights.csv', nullstr = 'NA')
where month = 1 and carrier = 'HA' or dest = 'ANC' or dest = 'BQN' and month = 2
order by dest, flight
