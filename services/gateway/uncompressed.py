"""Answers of the API to browsers that bring cookies are not compressed.

How long a compressed answer is says whether what somebody put into its address also stands elsewhere in it (the attack
named BREACH). Another site can have a browser ask us again and again, with its cookies; it cannot send an API key. So
what the API is asked with a cookie is answered as it is, here and by the services. Pages see to it themselves: what is
secret in them is another each time.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

API = ("/v1/", "/scim/")


class Uncompressed:
    """Takes the wish for compression from requests to the API that bring a cookie."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"].startswith(API) and has_cookie(scope):
            headers = [header for header in scope["headers"] if header[0] != b"accept-encoding"]
            scope = {**scope, "headers": headers}
        await self._app(scope, receive, send)


def has_cookie(scope: Scope) -> bool:
    """Say whether a request brings a cookie."""
    return any(name == b"cookie" for name, _ in scope["headers"])
