"""A small Bluesky network of our own, on which the connector is tested."""
