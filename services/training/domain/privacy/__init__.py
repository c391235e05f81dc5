"""What is kept of people, who looked, and how it goes."""
