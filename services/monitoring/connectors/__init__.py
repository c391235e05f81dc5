"""Connectors: how posts are fetched from where they are."""
