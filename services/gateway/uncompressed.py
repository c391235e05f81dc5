"""Answers of the API to what another site may have had a browser ask are not compressed.

How long a compressed answer is says whether what somebody put into its address also stands elsewhere in it (the attack
named BREACH). Another site can have a browser ask us again and again, with its cookies; it cannot send an API key, nor
can it have the browser say that a page of ours asks. So what the API is asked with a cookie, and not by a page of ours,
is answered as it is, here and by the services. Pages see to it themselves: what is secret in them is another each time.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

API = ("/v1/", "/scim/")


class Uncompressed:
    """Takes the wish for compression from requests to the API that may be another site's doing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"].startswith(API) and may_be_forced(scope):
            headers = [header for header in scope["headers"] if header[0] != b"accept-encoding"]
            scope = {**scope, "headers": headers}
        await self._app(scope, receive, send)


def may_be_forced(scope: Scope) -> bool:
    """Say whether a request brings a cookie, and its browser does not say that a page of ours asks for it."""
    headers = dict(scope["headers"])
    return b"cookie" in headers and headers.get(b"sec-fetch-site") != b"same-origin"
