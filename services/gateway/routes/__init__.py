"""What the gateway itself answers, a file per resource."""
