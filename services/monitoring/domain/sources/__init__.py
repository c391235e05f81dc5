"""Sources: what is set up, how far each has been read, and how they do."""
