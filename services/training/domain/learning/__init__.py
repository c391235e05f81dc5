"""Who learns what: enrolments, sittings, tasks, completions."""
