"""How long things are kept, what is held back from being forgotten, and what supervisors are handed."""
