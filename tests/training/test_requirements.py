"""What a certification asks for, as pure functions: whatever the facts, what is issued is right and issued once."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.training.domain.certification.requirements import Accepted, Facts, due, in_order
from services.training.domain.certification.standing import is_certified, status_at
from services.training.schemas.certificates import Status
from services.training.tables import Certificate, Certification, State

NOW = datetime(2026, 11, 23, tzinfo=UTC)
KEYS = ("a", "b", "c")

days_ago = st.integers(0, 800).map(lambda days: NOW - timedelta(days=days))
some_keys = st.lists(st.sampled_from(KEYS), unique=True, max_size=2)
definitions = st.builds(
    lambda courses, policies, validity, expiring: Certification(
        key="tier", title="", description="", courses=courses, policies=policies, certifications=[], departments=None,
        validity_days=validity, expiring_days=expiring, grace_days=0, created_at=NOW - timedelta(days=900),
    ),
    some_keys, some_keys, st.integers(1, 700), st.integers(0, 60),
).filter(lambda one: one.courses or one.policies)  # fmt: skip
acceptances = st.tuples(days_ago, days_ago).map(lambda pair: Accepted(min(pair), max(pair), 1))
facts = st.builds(
    Facts,
    st.just("Support"),
    st.dictionaries(st.sampled_from(KEYS), days_ago),
    st.dictionaries(st.sampled_from(KEYS), acceptances),
)


def issued(definition: Certification, known: Facts) -> Certificate | None:
    """Issue what is due, as the decision does."""
    ready = due(definition, known, NOW, None)
    if ready is None:
        return None
    return Certificate(
        person="p", certification="tier", sequence=1, state=State.HELD, issued_at=ready.issued_at, **ready.term._asdict(),
        sections=[], basis=ready.basis, suspensions=[], recorded_at=NOW,
    )  # fmt: skip


@given(definitions, facts)
def test_what_is_issued_rests_on_every_part_and_is_not_due_again(definition: Certification, known: Facts) -> None:
    certificate = issued(definition, known)

    if certificate is None:
        return
    assert {f"course/{key}" for key in definition.courses} | {f"policy/{key}" for key in definition.policies} == set(
        certificate.basis
    )
    assert certificate.issued_at <= NOW
    assert certificate.issued_at < certificate.expires_at
    assert certificate.issued_at == max(map(datetime.fromisoformat, certificate.basis.values()))
    known.certificates["tier"] = certificate
    assert due(definition, known, NOW, None) is None


@given(definitions, facts, st.sampled_from(KEYS))
def test_nothing_is_issued_while_a_part_is_missing(definition: Certification, known: Facts, key: str) -> None:
    without = Facts("Support", {**known.completions}, {**known.accepted})
    if key in definition.courses:
        without.completions = {name: at for name, at in known.completions.items() if name != key}
    elif key in definition.policies:
        without.accepted = {name: one for name, one in known.accepted.items() if name != key}
    else:
        definition.departments = ["Press"]

    assert due(definition, without, NOW, None) is None


@given(definitions, facts, st.integers(-900, 900))
def test_a_status_moves_only_forwards_with_the_clock(definition: Certification, known: Facts, day: int) -> None:
    certificate = issued(definition, known)
    if certificate is None:
        return
    order = [Status.NONE, Status.VALID, Status.EXPIRING, Status.EXPIRED]
    at = NOW + timedelta(days=day)
    now, next_day = status_at(certificate, at, None), status_at(certificate, at + timedelta(days=1), None)

    assert order.index(now) <= order.index(next_day)
    assert is_certified(certificate, now, at) == (certificate.issued_at <= at < certificate.expires_at)
    assert status_at(certificate, at, left_at=at) is Status.NONE


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdefg"), max_size=3)))
def test_tiers_are_decided_after_those_they_ask_for(asked: dict[str, list[str]]) -> None:
    tiers = [
        Certification(
            key=key, title="", description="", courses=[], policies=[], certifications=below, validity_days=1, expiring_days=0,
            grace_days=0, created_at=NOW - timedelta(days=900),
        )
        for key, below in asked.items()
    ]  # fmt: skip

    ordered = [one.key for one in in_order(tiers)]

    for place, key in enumerate(ordered):
        assert all(below in ordered[:place] or below not in asked for below in asked[key])
    for key in set(asked) - set(ordered):
        assert any(below in set(asked) - set(ordered) for below in asked[key]), "only circles are left out"
