"""What every service stands on; nothing in here knows a service."""
