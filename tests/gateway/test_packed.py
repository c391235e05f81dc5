"""Pages and files travel packed, and tell no more for it."""

import re

from services.gateway.portal.files import address_of
from tests.gateway.story import add_people
from tests.platform import Platform

TOKEN = re.compile(r'name="form_token" value="([0-9a-f]+)"')
PLAIN = {"Accept-Encoding": "br;q=1, gzip;q=0"}


async def test_pages_and_files_are_packed_for_those_who_read_that_and_no_two_pages_share_a_secret(
    platform: Platform,
) -> None:
    await add_people(platform, 1)
    await platform.settle()
    person = await platform.as_person("E-1")
    for path in ("/guidance", address_of("components.css"), address_of("vendor/htmx.js")):
        packed, plain = await person.get(path), await person.get(path, headers=PLAIN)
        assert (packed.status_code, packed.headers["Content-Encoding"]) == (200, "gzip")
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Vary"] == plain.headers["Vary"] == "Accept-Encoding"
        assert (
            TOKEN.sub("", packed.text).split('data-form-token="')[0]
            == TOKEN.sub("", plain.text).split('data-form-token="')[0]
        )
        assert int(packed.headers["Content-Length"]) < len(plain.content) / 2

    name = address_of("components.css").partition("?")[0]
    etag = (await person.get(name)).headers["ETag"]
    again = await person.get(name, headers={"If-None-Match": etag})
    assert (again.status_code, again.headers["Cache-Control"], again.content) == (304, "no-cache", b"")
    part = await person.get(name, headers={"Range": "bytes=0-9"})
    assert (part.status_code, len(part.content)) == (206, 10)

    tokens = [TOKEN.findall((await person.get("/guidance")).text)[0] for _ in range(2)]
    assert tokens[0][:20] != tokens[1][:20]
    assert tokens[0][40:] != tokens[1][40:]
    assert (await person.post("/sign-out", data={"form_token": "no token"})).status_code == 403
    assert (await person.post("/sign-out", data={"form_token": tokens[0]})).status_code == 303
