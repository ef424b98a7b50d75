function rule(a, b) return a * 2.0 + b > 1000.0 end
function event(status, millis) return status >= 500 or millis > 900.0 end
function through(x) return twice(x) + 1.0 end
