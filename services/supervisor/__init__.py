"""Runs the whole platform on one machine: the broker, the four services and the demonstration, as processes."""
