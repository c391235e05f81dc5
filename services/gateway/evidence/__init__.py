"""The evidence of all services as one: the list for auditors, signed heads for witnesses, chains to take along."""
