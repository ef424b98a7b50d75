select Cylinders, count(*) filter (Origin = 'USA') as cars_USA, count(*) filter (Origin = 'Japan') as cars_Japan,
       avg(Horsepower) filter (Origin = 'USA') as power_USA, avg(Horsepower) filter (Origin = 'Japan') as power_Japan
from 'tests/data/real/cars.csv'
group by Cylinders
order by Cylinders
