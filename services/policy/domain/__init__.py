"""Decisions about policies, acknowledgements, checks and the task team."""
