"""Who works here, and where that is known from."""
