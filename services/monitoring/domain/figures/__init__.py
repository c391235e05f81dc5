"""What is counted, and how the load is shared."""
