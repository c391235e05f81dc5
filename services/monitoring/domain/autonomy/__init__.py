"""How far people are trusted to answer by themselves, and what moves that."""
