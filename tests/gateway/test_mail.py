"""A mail server with TLS and a password: nothing leaves in the clear, nor to a server that nobody vouches for."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from services.gateway.connectors import mail
from services.gateway.connectors.mail import MailServerAwayError
from tests.gateway.certificates import self_signed
from tests.gateway.mailing import Mailbox

ELSEWHERE = "127.0.0.2"
"""A server that is not taken for one on this machine."""
pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")

PASSWORD = "p@ss/w:rd"
WRITTEN = "p%40ss%2Fw%3Ard"


@dataclass
class Tried:
    """Passwords that came, and whether TLS was there when they did."""

    under_tls: list[bool] = field(default_factory=list)


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    """Return a server's side of TLS, with a certificate of its own authority, which `own.pem` names."""
    return self_signed(tmp_path, "mail.example", ELSEWHERE)


@contextlib.asynccontextmanager
async def server(
    box: Mailbox, tried: Tried, *, implicit: ssl.SSLContext | None = None, **options: Any
) -> AsyncIterator[int]:
    """Run a mail server that wants a name and a password; yields its port."""

    def check(_server: SMTP, session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        tried.under_tls.append(implicit is not None or session.ssl is not None)
        known = LoginPassword(b"shareload", PASSWORD.encode())
        return AuthResult(success=given == known, handled=False)

    loop = asyncio.get_running_loop()
    wanted: dict[str, Any] = {
        "authenticator": check,
        "auth_required": True,
        "auth_require_tls": False,
        "hostname": "mail",
    }
    made = await loop.create_server(
        lambda: SMTP(box, loop=loop, **wanted, **options), ELSEWHERE, 0, ssl=implicit, ssl_handshake_timeout=None
    )
    try:
        yield made.sockets[0].getsockname()[1]
    finally:
        made.close()
        await made.wait_closed()


def letter() -> EmailMessage:
    """Return an e-mail."""
    written = EmailMessage()
    written["From"], written["To"], written["Subject"] = "Shareload <s@harbour.example>", "e1@harbour.example", "Hello"
    written.set_content("There is something for you.")
    return written


async def send(url: str) -> None:
    """Send an e-mail by a server."""
    async with mail.connected(url) as client:
        await mail.send(client, letter())


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_mail_leaves_under_tls_by_a_server_that_wants_a_password_and_has_a_certificate_that_holds(
    scheme: str, context: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "own.pem"))
    box, tried = Mailbox(), Tried()
    tls: dict[str, Any] = {"implicit": context} if scheme == "smtps" else {"tls_context": context}
    async with server(box, tried, **tls) as port:
        await send(f"{scheme}://shareload:{WRITTEN}@{ELSEWHERE}:{port}")
        with pytest.raises(MailServerAwayError, match="SMTPAuthenticationError"):
            await send(f"{scheme}://shareload:wrong@{ELSEWHERE}:{port}")
    assert [each["Subject"] for each in box.mails] == ["Hello"]
    assert set(tried.under_tls) == {True}


@pytest.mark.parametrize("scheme", ["smtp", "smtps"])
async def test_no_password_goes_to_a_server_whose_certificate_nobody_vouches_for(
    scheme: str, context: ssl.SSLContext
) -> None:
    box, tried = Mailbox(), Tried()
    tls: dict[str, Any] = {"implicit": context} if scheme == "smtps" else {"tls_context": context}
    async with server(box, tried, **tls) as port:
        with pytest.raises(MailServerAwayError):
            await send(f"{scheme}://shareload:{WRITTEN}@{ELSEWHERE}:{port}")
    assert (box.mails, tried.under_tls) == ([], [])


async def test_no_password_goes_to_a_server_elsewhere_that_has_no_tls() -> None:
    box, tried = Mailbox(), Tried()
    async with server(box, tried) as port:
        with pytest.raises(MailServerAwayError):
            await send(f"smtp://shareload:{WRITTEN}@{ELSEWHERE}:{port}")
    assert (box.mails, tried.under_tls) == ([], [])
