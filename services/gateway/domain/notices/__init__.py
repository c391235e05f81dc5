"""Notices to people: what each should know, when and how it reaches them."""
