"""Threads with customers and what we answer."""
