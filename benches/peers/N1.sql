select sum(x*x//1000000000) from range(100000000) t(x) where x%2=1
