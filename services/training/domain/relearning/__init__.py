"""What changed under a certificate, and who learns it anew."""
