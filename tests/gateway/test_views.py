"""What readers of events are shown follows who they are."""

from services.gateway.stream.frames import view_of
from shared.context import Principal
from shared.events.base import Privacy


def test_only_programs_read_in_events_what_was_posted() -> None:
    scopes = frozenset({"events:read", "monitoring:read"})
    coach = Principal("person:1", "1", "E-1", scopes | {"self"})
    assert Privacy.CONTENT in view_of(Principal("key:warehouse", scopes=scopes))
    assert Privacy.CONTENT not in view_of(coach)
    assert Privacy.CONTENT not in view_of(Principal("key:board", scopes=frozenset({"events:read"})))
