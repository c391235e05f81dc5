"""What colleagues note on a conversation for each other."""

from services.monitoring.domain import people
from services.monitoring.domain.conversations.showing import note_views, visible
from services.monitoring.domain.routing import assignments, lapsing
from services.monitoring.schemas.conversations import NoteIn, NoteOut
from services.monitoring.tables import Conversation, Note
from shared.context import Principal
from shared.db import Session
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.problems import NotFound


def add(session: Session, conversation_id: str, body: NoteIn, caller: Principal) -> NoteOut:
    """Note something on a conversation that the caller may read."""
    assignments.lock(session)
    one = session.get(Conversation, conversation_id)
    if one is None or not visible(session, one, caller):
        raise NotFound(f"There is no conversation {conversation_id}.")
    author = people.acting(session, caller, body.employee_number)
    note = Note(
        id=new_id(),
        conversation=one.id,
        person=author.person,
        text=body.text,
        question=body.question,
        written_at=session.now,
    )
    session.add(note)
    record(session, "conversation.note", f"conversation/{one.id}", digest_of(body.text), author.person)
    session.flush()
    lapsing.note_sign(session, one, author.person)
    return note_views(session, [note])[0]
