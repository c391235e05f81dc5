"""The organisation's mail server: one connection for all that is due, and never a password in the clear."""

import contextlib
import re
from collections.abc import AsyncIterator
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from services.gateway.domain.notices import phrases
from services.gateway.domain.notices.outgoing import Outgoing
from shared.clock import Clock

if TYPE_CHECKING:
    from aiosmtplib import SMTP

SECONDS = 20.0
"""For each step of the exchange with the server."""
WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
ADDRESS = re.compile(rf"{WORD}(?:\.{WORD})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
"""An address without quotes, comments, groups or routes (RFC 5322, `dot-atom`)."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class MailServerAwayError(Exception):
    """The server takes nothing at the moment, whoever it is for; the message says why."""


class RefusedError(Exception):
    """The server does not take this one message; `for_good` where trying again would change nothing."""

    def __init__(self, code: int) -> None:
        super().__init__(f"the mail server refused it ({code})")
        self.for_good = code >= 500


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator["SMTP"]:
    """Connect to `smtp://` (with STARTTLS, except on this machine) or `smtps://`; raises MailServerAwayError."""
    import aiosmtplib

    parts = urlsplit(url)
    secure, host = parts.scheme == "smtps", parts.hostname or ""
    client = aiosmtplib.SMTP(
        hostname=host,
        port=parts.port or (465 if secure else 587),
        use_tls=secure,
        start_tls=not (secure or host in LOOPBACK),
        username=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
        timeout=SECONDS,
    )
    try:
        await client.connect()
    except (aiosmtplib.SMTPException, OSError) as error:
        raise MailServerAwayError(f"the mail server cannot be used: {type(error).__name__}") from error
    try:
        yield client
    finally:
        with contextlib.suppress(aiosmtplib.SMTPException, OSError):
            await client.quit()
        client.close()


async def send(client: "SMTP", message: EmailMessage) -> None:
    """Send a message; raises MailServerAwayError, RefusedError."""
    import aiosmtplib

    try:
        await client.send_message(message)
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise RefusedError(error.recipients[0].code) from error
    except (aiosmtplib.SMTPSenderRefused, aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError) as error:
        # No sender of ours is taken, or nobody answers: the next message would fare no better.
        raise MailServerAwayError(f"the mail server cannot be used: {type(error).__name__}") from error
    except aiosmtplib.SMTPResponseException as error:
        raise RefusedError(error.code) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        raise MailServerAwayError(f"the mail server cannot be used: {type(error).__name__}") from error


def compose(one: Outgoing, sender: str, portal: str, stop: str, clock: Clock) -> EmailMessage:
    """Return a message as an e-mail (RFC 5322), with one-click unsubscription (RFC 8058).

    Its Message-ID is that of the message, so that a reader's program shows one that was sent twice once. Raises
    ValueError for an address that is none.
    """
    if not is_address(one.address):
        raise ValueError("is no e-mail address")
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, one.address
    mail["Subject"] = phrases.subject_of(one.said, one.language)
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{one.id}@{urlsplit(portal).hostname}>"
    mail["List-Unsubscribe"] = f"<{stop}>"
    mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = one.language
    mail.set_content(phrases.letter(one.said, one.language, one.zone, one.name, portal, stop))
    return mail


def is_address(text: str) -> bool:
    """Tell whether mail can be sent to an address: one in ASCII, written in the one way that nobody reads as two."""
    return ADDRESS.fullmatch(text) is not None
