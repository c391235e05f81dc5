"""What monitoring decides; knows no transport."""
