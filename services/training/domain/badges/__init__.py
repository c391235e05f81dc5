"""Badges: certificates as credentials (Open Badges 3.0) that anyone can verify without asking us."""
