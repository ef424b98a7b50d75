select carrier, md5(name) as md5, sha256(name) as sha256, base64(carrier::blob) as base64
from (select *, row_number() over () as n from 'examples/data/airlines.csv')
order by n
limit 4
