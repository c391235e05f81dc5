"""What can be learnt: courses, their files and questions."""
