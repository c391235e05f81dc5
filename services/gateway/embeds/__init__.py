"""Pages that an intranet frames."""
