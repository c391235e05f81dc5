"""Webhooks: endpoints that are told of events, and what became of each event at each of them."""
