"""Who is put on what, by when, and what they are told of it."""
