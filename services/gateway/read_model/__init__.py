"""Answers kept in memory, fresh by events."""
