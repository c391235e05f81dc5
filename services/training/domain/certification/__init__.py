"""Tiers, certificates, their life, and what HR systems ask of them."""
