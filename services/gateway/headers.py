"""What every answer of the gateway tells a browser, whoever answers and whatever it is."""

from shared.edge import Header

SECURITY: tuple[Header, ...] = ((b"x-content-type-options", b"nosniff"), (b"referrer-policy", b"same-origin"))
"""Headers of every answer; pages add their own Content-Security-Policy."""
HTTPS_ONLY: Header = (b"strict-transport-security", b"max-age=31536000")


def security_for(public_url: str) -> tuple[Header, ...]:
    """Return the headers that every answer carries; browsers that came by TLS once are to come by nothing else."""
    return (*SECURITY, HTTPS_ONLY) if public_url.startswith("https:") else SECURITY
