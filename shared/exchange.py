"""Any number of prepared statements in one round trip to PostgreSQL, by libpq itself.

psycopg takes 50 to 90 us of processor time for each statement, also in its own pipeline mode, and waits for the answer to
each before the next; libpq takes 5. Values and rows are converted by psycopg, as ever.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from psycopg.abc import PQGen, Transformer
from psycopg.adapt import PyFormat
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.waiting import Ready, Wait

DONE = frozenset({ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK})


class Statement(NamedTuple):
    """A statement with `$1` for its values, and the name by which a connection knows it once it is prepared."""

    name: bytes
    text: bytes
    formats: Sequence[PyFormat] = ()


Sent = tuple[Statement, Sequence[Any]]
"""A statement with its values."""

COMMIT = Statement(b"commit", b"COMMIT")


def begin(isolation: str | None) -> Statement:
    """Return what begins a transaction, at the server's level of isolation or another."""
    text = f"BEGIN ISOLATION LEVEL {isolation}" if isolation else "BEGIN"
    return Statement(text.lower().replace(" ", "_").encode(), text.encode())


def exchange(
    connection: PGconn, transformer: Transformer, prepared: set[bytes], sent: Sequence[Sent]
) -> PQGen[list[PGresult]]:
    """Send statements, those that are not `prepared` with their text, and return what the server said to each.

    Raises psycopg's error of the first that failed, after which nothing more was done.
    """
    values = [transformer.dump_sequence(given, of.formats) if given else () for of, given in sent]
    asked: list[tuple[Statement, bool]] = []
    connection.enter_pipeline_mode()
    for (of, _), dumped in zip(sent, values, strict=True):
        # In its turn, for a BEGIN must come before all else.
        if of.name not in prepared:
            prepared.add(of.name)
            connection.send_prepare(of.name, of.text)
            asked.append((of, False))
        connection.send_query_prepared(of.name, dumped, [how == PyFormat.BINARY for how in of.formats])
        asked.append((of, True))
    connection.pipeline_sync()
    yield from flushed(connection)
    answers = yield from answered(connection)
    connection.exit_pipeline_mode()
    failed = [(of, answer, run) for (of, run), answer in zip(asked, answers, strict=True) if answer.status not in DONE]
    if failed:
        prepared.difference_update(of.name for of, _, run in failed if not run)
        of, answer, _ = failed[0]
        error = error_from_result(answer, transformer.encoding)
        error.add_note(of.text.decode())
        raise error
    return [answer for (_, run), answer in zip(asked, answers, strict=True) if run]


def flushed(connection: PGconn) -> PQGen[None]:
    """Hand all to the system; meanwhile take what the server says, or both would wait for the other."""
    while connection.flush():
        ready = yield Wait.RW
        if ready & Ready.R:
            connection.consume_input()


def answered(connection: PGconn) -> PQGen[list[PGresult]]:
    """Return the server's answers up to the end of the pipeline."""
    answers: list[PGresult] = []
    while True:
        while connection.is_busy():
            yield Wait.R
            connection.consume_input()
        answer = connection.get_result()
        if answer is None:
            continue
        if answer.status == ExecStatus.PIPELINE_SYNC:
            return answers
        answers.append(answer)
