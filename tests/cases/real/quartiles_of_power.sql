select Cylinders, count(Horsepower) as cars, quantile_cont(Horsepower, 0.25) as low, median(Horsepower) as middle,
       quantile_cont(Horsepower, 0.75) as high, var_samp(Horsepower) as variance
from 'tests/data/real/cars.csv'
group by Cylinders
order by Cylinders
