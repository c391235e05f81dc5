"""HTTP in: a file per resource."""
