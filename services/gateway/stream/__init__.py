"""The public event stream: one reader of the log a process, fanned out to every client."""
