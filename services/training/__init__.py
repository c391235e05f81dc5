"""The training service: people, courses, certifications and the certificates that gate everything else."""
