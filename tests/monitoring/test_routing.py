"""The router on its own: never to someone who may not, never beyond their room, and fairly."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from services.monitoring.domain.routing.routing import Choice, Colleague, Waiting, route

SKILLS = ["language:de", "language:en", "topic:billing", "topic:delivery"]
skills = st.frozensets(st.sampled_from(SKILLS))


@st.composite
def colleagues(draw: st.DrawFn) -> list[Colleague]:
    return [
        Colleague(
            person=f"p{number}",
            skills=draw(skills),
            room=draw(st.integers(0, 3)),
            handled=draw(st.floats(0, 50)),
            hours=draw(st.floats(0, 40)),
            idle_since=draw(st.floats(0, 1000)),
            barrier=draw(st.sampled_from([None, None, "is offline", "holds no valid certificate"])),
        )
        for number in range(draw(st.integers(0, 12)))
    ]


@st.composite
def conversations(draw: st.DrawFn) -> list[Waiting]:
    people = st.frozensets(st.sampled_from([f"p{number}" for number in range(12)]), max_size=3)
    return [Waiting(f"c{number}", draw(skills), draw(people)) for number in range(draw(st.integers(0, 25)))]


def may(colleague: Colleague, one: Waiting) -> bool:
    return colleague.barrier is None and one.needs <= colleague.skills and colleague.person not in one.not_to


@given(conversations(), colleagues())
def test_nobody_gets_what_they_may_not_have_or_more_than_they_have_room_for(
    waiting: list[Waiting], staff: list[Colleague]
) -> None:
    by_person = {one.person: one for one in staff}
    choices = route(waiting, staff)

    assert [choice.waiting for choice in choices] == waiting
    for choice in choices:
        assert choice.person is None or may(by_person[choice.person], choice.waiting)
        assert choice.person not in {other.person for other in choice.passed_over}
        assert len(choice.passed_over) <= 20
    for person, number in Counter(choice.person for choice in choices if choice.person).items():
        assert number <= by_person[person].room


@given(conversations(), colleagues())
def test_a_conversation_stays_without_anyone_only_if_nobody_who_may_take_it_has_room_left(
    waiting: list[Waiting], staff: list[Colleague]
) -> None:
    choices = route(waiting, staff)
    given_to = Counter(choice.person for choice in choices)

    for left in (choice.waiting for choice in choices if choice.person is None):
        assert all(given_to[one.person] >= one.room for one in staff if may(one, left))


@given(colleagues(), skills)
def test_one_conversation_goes_to_whoever_handled_fewest_per_online_hour(
    staff: list[Colleague], needs: frozenset[str]
) -> None:
    one = Waiting("c", needs)
    mean = sum(c.handled for c in staff) / max(sum(c.hours for c in staff), 1.0)
    ranked = sorted(
        (((c.handled + 4 * mean) / (c.hours + 4), len(c.skills), c.idle_since, place), c.person)
        for place, c in enumerate(staff)
        if may(c, one) and c.room > 0
    )
    assert route([one], staff)[0].person == (ranked[0][1] if ranked else None)


def test_a_newcomer_gets_a_fair_share_and_not_the_whole_flood() -> None:
    team = [Colleague(f"p{number}", frozenset(), room=100, handled=40, hours=40) for number in range(9)]
    choices = route(
        [Waiting(f"c{number}", frozenset()) for number in range(50)], [*team, Colleague("new", frozenset(), room=100)]
    )

    got = Counter(choice.person for choice in choices)["new"]
    assert got <= 5, f"{got} of 50 to one of ten"


def test_conversations_that_few_can_take_are_placed_before_those_that_many_can() -> None:
    both = Colleague("both", frozenset({"language:en", "language:de"}), room=1)
    english = Colleague("english", frozenset({"language:en"}), room=1, handled=5, hours=1)
    choices: list[Choice] = route(
        [Waiting("en", frozenset({"language:en"})), Waiting("de", frozenset({"language:de"}))], [both, english]
    )

    assert [choice.person for choice in choices] == ["english", "both"]
