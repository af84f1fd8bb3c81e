"""How music compares with that of people: metrics from their definitions, with intervals."""
