"""Lists of bits say which badges no longer hold, and nothing of whose they are."""

from hypothesis import given, settings
from hypothesis import strategies as st
from openvc.status.bitstring import decode_bitstring, get_status_bit

from services.training.domain.badges import status_lists
from tests.training.badging import anyone, badge_of, certified
from tests.training.conftest import TrainingService


async def test_places_in_a_list_tell_nothing_of_the_order(badges: TrainingService) -> None:
    places = []
    for number in range(6):
        badge = await badge_of(badges, await certified(badges, f"E-{number}"))
        places.append(int(badge["credentialStatus"][0]["statusListIndex"]))
    assert places != sorted(places) or places[-1] - places[0] > 6
    assert max(places) > 6


async def test_a_list_is_signed_anew_only_when_it_changed(badges: TrainingService) -> None:
    certificate = await certified(badges, "E-1")
    await badge_of(badges, certificate)
    first = await anyone(badges).get("/status-lists/revocation/1")
    assert first.headers["Access-Control-Allow-Origin"] == "*"
    again = {"If-None-Match": first.headers["ETag"]}
    assert (await anyone(badges).get("/status-lists/revocation/1", headers=again)).status_code == 304
    await badges.post(f"/v1/certificates/{certificate}/revocation", {"reason": "x"})
    await badges.advance()
    assert (await anyone(badges).get("/status-lists/revocation/1", headers=again)).status_code == 200
    for nowhere in ("revocation/2", "revocation/0", "other/1"):
        assert (await anyone(badges).get(f"/status-lists/{nowhere}")).status_code in {404, 422}


@given(st.sets(st.integers(0, status_lists.PLACES - 1), max_size=60))
@settings(max_examples=30, deadline=None)
def test_a_list_says_what_another_reader_reads(places: set[int]) -> None:
    content = decode_bitstring(status_lists.encode(places))
    assert {place for place in places | {0, 7, 8, 131_071} if get_status_bit(content, place)} == places
    assert sum(byte.bit_count() for byte in content) == len(places)
