"""HTTP in: a module per resource."""
