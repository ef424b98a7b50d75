select sum(x*x) from range(3000000) t(x) where x%2=1
