"""The migrations of the tables in `shared/tables.py`, which every service's database has: branch `backbone`."""
