"""What the training service decides and writes."""
