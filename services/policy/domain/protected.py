"""What a check says of a text on protected topics."""

from services.policy.schemas.checks import LawOut, ProtectedOut, SpanOut, TopicOut
from shared.protected import guard


def look(text: str) -> ProtectedOut | None:
    """Say which protected topics a text is about and by which laws; None when it is about none.

    No law is left out, as nobody here knows under which one the author works.
    """
    contents = guard().contents
    topics = guard().topics(text)
    if not topics:
        return None
    named = "; ".join(contents.topics[topic] for topic in topics)
    return ProtectedOut(
        guard=contents.guard,
        version=contents.version,
        topics=[TopicOut(topic=topic, span=SpanOut(start=at.start, end=at.end)) for topic, at in topics.items()],
        laws=[
            LawOut(jurisdiction=place, law=each.law, source=each.source, checked=each.checked)
            for place, each in guard().laws(topics)
        ],
        message=f"You may talk about this: {named}. The law protects it, so the rules only advise here.",
    )
