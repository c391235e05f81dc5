"""The policy service: what is asked of those who post, and the task team that keeps it."""
