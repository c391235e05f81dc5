"""An e-mail goes to one address, whatever stands where that should be."""

from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.gateway.connectors.mail import is_address

HOSTILE = (
    "ana@harbour.example\r\nBcc: mallory@evil.example",
    "ana@harbour.example,mallory@evil.example",
    "mallory@evil.example>,<ana@harbour.example",
    "group:ana@harbour.example,mallory@evil.example;",
    "ana(@harbour.example)mallory@evil.example",
    "@evil.example:ana@harbour.example",
)


@pytest.mark.parametrize("address", HOSTILE)
def test_nobody_is_added_by_how_an_address_is_written(address: str) -> None:
    assert not is_address(address)


@given(st.text('ab@.,;<>"()[]:\\ \r\n\t%+', max_size=16))
@example("a+b@c.d")
def test_what_is_taken_for_an_address_is_read_as_that_one_and_no_other(text: str) -> None:
    if is_address(text):
        mail = EmailMessage()
        mail["To"] = text
        assert [read.addr_spec for read in mail["To"].addresses] == [text]
