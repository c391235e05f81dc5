"""Monitoring: posts, findings and guidance; conversations and how the load is shared."""
