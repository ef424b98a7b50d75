select Species, avg("Beak Length (mm)") as "mean_Beak Length (mm)", avg("Beak Depth (mm)") as "mean_Beak Depth (mm)"
from 'tests/data/real/penguins.csv'
group by Species
order by Species
