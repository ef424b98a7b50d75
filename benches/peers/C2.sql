select region, product, sum(qty), avg(price), count(*) from '${SALES}' group by region, product order by region, product
