"""What the training service answers over HTTP, a file per resource."""
