select count(*), sum(qty*price*(1-coalesce(discount,0))) from '${SALES}' where region='eu-west' and qty>=3
