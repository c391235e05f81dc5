"""The router on its own: never to someone who may not, never beyond their room, and fairly."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from services.monitoring.domain.routing.routing import PATIENCE, Choice, Colleague, Desk, Waiting, route
from tests.monitoring.sharing import REFERENCES, Ours, make_week, share

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
    person = st.sampled_from([f"p{number}" for number in range(12)])
    people = st.frozensets(person, max_size=3)
    since = st.none() | st.floats(-2 * PATIENCE, 0)
    return [
        Waiting(f"c{number}", draw(skills), draw(people), draw(people), draw(st.none() | person), draw(since))
        for number in range(draw(st.integers(0, 25)))
    ]


def may(colleague: Colleague, one: Waiting) -> bool:
    refused = one.not_to | one.conflicted
    return colleague.barrier is None and one.needs <= colleague.skills and colleague.person not in refused


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


@settings(max_examples=50)
@given(conversations(), colleagues())
def test_a_customer_stays_with_whom_they_know_while_they_may_and_have_room(
    waiting: list[Waiting], staff: list[Colleague]
) -> None:
    by_person = {one.person: one for one in staff}
    for one in waiting:
        known = by_person.get(one.before or "")
        (choice,) = route([one], staff)
        assert choice.known == (known is not None and may(known, one) and known.room > 0)
        assert not choice.known or choice.person == one.before


@settings(max_examples=50)
@given(conversations(), colleagues())
def test_everybody_who_was_passed_over_is_told_a_reason_that_holds(
    waiting: list[Waiting], staff: list[Colleague]
) -> None:
    by_person = {one.person: one for one in staff}
    for one in waiting:
        (choice,) = route([one], staff)
        for passed in choice.passed_over:
            colleague = by_person[passed.person]
            reasons = {
                colleague.barrier,
                "gave it back" if passed.person in one.not_to else None,
                "has no room left" if colleague.room == 0 else None,
                "is too close to this customer, or does not want them" if passed.person in one.conflicted else None,
            }
            if passed.why.startswith("does not"):
                assert not one.needs <= colleague.skills
            else:
                assert passed.why in reasons or passed.why.startswith("comes after")
        if not choice.person:
            assert len(choice.passed_over) == min(len(staff), 20)


@settings(max_examples=50)
@given(st.lists(st.tuples(skills, st.integers(0, 3)), max_size=60), colleagues())
def test_with_one_desk_for_all_day_nobody_waits_beside_somebody_who_could(
    day: list[tuple[frozenset[str], int]], staff: list[Colleague]
) -> None:
    desk = Desk(staff)
    room = {one.person: 0 if one.barrier else one.room for one in staff}
    held: list[str] = []
    queue: list[Waiting] = []
    for number, (needs, done) in enumerate(day):
        for person in held[:done]:
            desk.free(person, float(number))
            room[person] += 1
        del held[:done]
        queue.append(Waiting(f"c{number}", needs, since=float(number)))
        choices = desk.route(queue, float(number))
        for choice in choices:
            if choice.person is not None:
                held.append(choice.person)
                room[choice.person] -= 1
        assert min(room.values(), default=0) >= 0
        queue = [choice.waiting for choice in choices if choice.person is None]
        assert not any(room[one.person] > 0 and may(one, left) for left in queue for one in staff)


def test_a_stream_of_rare_ones_does_not_keep_a_common_one_waiting_for_ever() -> None:
    german = Colleague("german", frozenset({"language:de", "language:en"}), room=1)
    french = Colleague("french", frozenset({"language:fr", "language:en"}), room=1)
    desk = Desk([german, french])
    common = Waiting("common", frozenset({"language:en"}), since=0.0)
    for minute in range(60):
        now = 60.0 * minute
        rare = [Waiting(f"{minute}-{one}", frozenset({f"language:{one}"}), since=now) for one in ("de", "fr")]
        (choice, *others) = desk.route([common, *rare], now)
        if choice.person is not None:
            break
        for other in others:
            assert other.person is not None
            desk.free(other.person, now)
    assert PATIENCE < now <= PATIENCE + 60


def test_in_every_pool_the_load_is_evener_than_by_any_other_way_and_nobody_waits_longer() -> None:
    week = make_week(seed=1)
    ours = share(week, Ours(week))
    for name, make in REFERENCES.items():
        theirs = share(week, make(week))
        assert all(ours.gini[pool] < theirs.gini[pool] for pool in theirs.gini), (name, ours.gini, theirs.gini)
        assert ours.wait(0.99) <= theirs.wait(0.99), name
