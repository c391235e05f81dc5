"""Request and response bodies of the training service."""
