"""The one door: rights, limits, forwarding, the public event log, hot reads, embeds and the portal."""
