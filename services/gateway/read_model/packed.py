"""A person and their certificates packed into one `bytes`: for hundreds of thousands, objects would take too much.

Python's own objects would need several times as much, and be searched for garbage; with its keys, a person takes some 420
bytes (`tests/benchmarks/bench_hr.py`). What many have in common (departments, certifications, covered sections, reasons)
is kept once, and named by a number.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from struct import Struct
from uuid import UUID

import orjson

from services.gateway.domain.certificates import State
from shared.statements import Row

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
DAY = 24 * 3600 * SECOND
NEVER = 2**63 - 1
"""When those leave who have not."""

PERSON = Struct("<16sIq")
"""Id, department, when they left."""
CERTIFICATE = Struct("<16sHBIIqqqqq83p")
"""What it replaces, certification, state, sections, reason, the five dates, and the end of its status as text."""
LEFT = Struct("<20xq")
STATUS = Struct("<16xHB8xqqqq8x83p")
"""Of the same, no more than a status needs."""
ONLY = Struct("<20xq16xHB8xqq24x83p")
"""Of a person with a single certificate: when they left, certification, state, when issued, when expiring, the end."""
ONE = PERSON.size + CERTIFICATE.size
AFTER_KEY = len(b'"}')
BEFORE_KEY = len(b'","certificate":"')
KEY = 36
NOTHING = bytes(16)
HELD, SUSPENDED, REVOKED, UNCLEAR = range(4)
STATES = {State.HELD: HELD, State.SUSPENDED: SUSPENDED, State.REVOKED: REVOKED, State.UNCLEAR: UNCLEAR}


class Unclear(Exception):  # noqa: N818  not a fault: the owner knows
    """What is kept here does not say how this stands; ask the owner."""


class Names:
    """Values that many have in common, each under a number."""

    def __init__(self) -> None:
        self._numbers: dict[bytes | None, int] = {}
        self.values: list[bytes | None] = []

    def number(self, value: bytes | None) -> int:
        """Return the number of a value, a new one if need be."""
        number = self._numbers.get(value)
        if number is None:
            number = self._numbers[value] = len(self.values)
            self.values.append(value)
        return number

    def find(self, value: bytes) -> int | None:
        """Return the number of a value that was seen before."""
        return self._numbers.get(value)

    def __getitem__(self, number: int) -> bytes:
        """Return the value of a number as JSON."""
        value = self.values[number]
        return b"null" if value is None else value


class Common:
    """All that packed people have in common."""

    def __init__(self) -> None:
        self.departments = Names()
        self.certifications = Names()
        self.sections = Names()
        self.reasons = Names()


def micros(at: datetime) -> int:
    """Return a time as microseconds since 1970."""
    since = at - EPOCH
    return since.days * DAY + since.seconds * SECOND + since.microseconds


def text_of(at: datetime) -> bytes:
    """Return a time as the API writes it."""
    return f"{at.replace(tzinfo=None).isoformat()}Z".encode()


def text_of_micros(at: int) -> bytes:
    """Return microseconds since 1970 as the API writes a time.

    Put together from its halves, which are kept: the dates of a certificate lie whole days apart, and those of all
    certificates within some years.
    """
    days, rest = divmod(at, DAY)
    return text_of_day(days) + text_of_time(rest)


@lru_cache(maxsize=8192)
def text_of_day(days: int) -> bytes:
    """Return the date that many days after 1970 began."""
    return date.fromordinal(EPOCH.toordinal() + days).isoformat().encode()


@lru_cache(maxsize=1024)
def text_of_time(rest: int) -> bytes:
    """Return what follows the date: the time of day, in microseconds."""
    at: time = (EPOCH + timedelta(microseconds=rest)).time()
    return f"T{at.isoformat()}Z".encode()


def pack(common: Common, person: Row, certificates: list[Row], sections: dict[str, bytes]) -> bytes:
    """Pack a person with the latest of their certificates of each certification; rows are as the domain reads them."""
    key, _, department, left_at = person
    left = NEVER if left_at is None else micros(left_at)
    packed = [PERSON.pack(UUID(key).bytes, common.departments.number((department or "").encode()), left)]
    latest = {row[2]: row for row in certificates}
    for _, row in sorted(latest.items()):
        certificate, _, certification, state, *dates, renewable, covered, replaces, reason, _ = row
        packed.append(
            CERTIFICATE.pack(
                UUID(replaces).bytes if replaces else NOTHING,
                common.certifications.number(certification.encode()),
                STATES[State(state)],
                common.sections.number(sections[covered]),
                common.reasons.number(None if reason is None else orjson.dumps(reason)),
                *(micros(date) for date in (*dates, renewable or dates[1])),
                b'%b","certificate":"%b"}' % (text_of(dates[-1]), certificate.encode()),
            )
        )
    return b"".join(packed)


def department_of(packed: bytes) -> int:
    """Return the number of a person's department."""
    department: int = PERSON.unpack_from(packed)[1]
    return department


def none(number: bytes, certification: bytes, as_of: bytes) -> bytes:
    """Return the status of who holds nothing, or is not known; number and certification are JSON."""
    return (
        b'{"employee_number":%b,"certification":%b,"status":"none","certified":false,"certified_until":null,"as_of":"%b",'
        b'"certificate":null}' % (number, certification, as_of)
    )


def status_of(state: int, now: int, expiring: int, expires: int) -> bytes:
    """Return the status word of a certificate that was issued, whose holder is there."""
    if state == HELD:
        if now >= expires:
            return b"expired"
        return b"expiring" if now >= expiring else b"valid"
    if state == UNCLEAR:
        raise Unclear
    return b"suspended" if state == SUSPENDED else b"revoked"


class Moment:
    """The time as of which statuses are said, and what many of them have in common, put together once."""

    __slots__ = ("_common", "_middles", "as_of", "now", "valid")

    def __init__(self, common: Common, now: datetime) -> None:
        self._common = common
        self._middles: dict[tuple[int, bytes, bool], bytes] = {}
        self.valid: dict[int, bytes] = {}
        self.now = micros(now)
        self.as_of = text_of(now)

    def middle(self, which: int, status: bytes, certified: bool) -> bytes:
        """Return what stands between the employee number and the day until when they are certified."""
        middle = self._middles.get((which, status, certified))
        if middle is None:
            middle = b',"certification":"%b","status":"%b","certified":%b,"as_of":"%b","certified_until":' % (
                self._common.certifications[which],
                status,
                b"true" if certified else b"false",
                self.as_of,
            )
            middle += b'"' if certified else b'null,"certificate":"'
            self._middles[which, status, certified] = middle
            if status == b"valid" and certified:
                self.valid[which] = middle
        return middle


def statuses(packed: bytes, number: bytes, wanted: int | None, at: Moment) -> list[bytes]:
    """Return a status, as JSON, for each certificate of a person, or for that of the certification wanted.

    `number` is the employee number as JSON. Raises Unclear.
    """
    now = at.now
    (left,) = LEFT.unpack_from(packed)
    found = []
    for place in range(PERSON.size, len(packed), CERTIFICATE.size):
        which, state, issued, expiring, expires, grace, end = STATUS.unpack_from(packed, place)
        if wanted is not None and which != wanted:
            continue
        if left > now and now < issued:
            raise Unclear
        status = b"none" if left <= now else status_of(state, now, expiring, expires)
        certified = left > now and state == HELD and (now < expires or now < grace)
        middle = at.middle(which, status, certified)
        found.append(b'{"employee_number":%b%b%b' % (number, middle, end if certified else end[-KEY - AFTER_KEY :]))
    return found


def plain_status(packed: bytes, number: bytes, wanted: int | None, at: Moment) -> bytes | None:
    """Return the same for who holds a single certificate that is simply valid, in half the time: most people, mostly.

    None for everybody else, and for the first of a certification, until `at` knows the words.
    """
    if len(packed) != ONE:
        return None
    left, which, state, issued, expiring, end = ONLY.unpack_from(packed)
    if state != HELD or not issued <= at.now < expiring or left <= at.now or (which != wanted and wanted is not None):
        return None
    middle = at.valid.get(which)
    return None if middle is None else b'{"employee_number":' + number + middle + end


def certificates(common: Common, packed: bytes, number: bytes, now: int) -> list[bytes]:
    """Return the latest certificate of each certification of a person, as JSON; raises Unclear."""
    _, _, left = PERSON.unpack_from(packed)
    found = []
    for place in range(PERSON.size, len(packed), CERTIFICATE.size):
        (replaces, which, state, sections, reason, issued, expiring, expires, _, renewable, end) = (
            CERTIFICATE.unpack_from(packed, place)
        )
        if now < issued:
            raise Unclear
        status = b"none" if left <= now else status_of(state, now, expiring, expires)
        found.append(
            b'{"id":"%b","employee_number":%b,"certification":"%b","status":"%b","issued_at":"%b","expiring_from":"%b",'
            b'"expires_at":"%b","grace_until":"%b","renewable_from":"%b","sections":%b,"replaces":%b,"replaced_by":null,"archived_at":null,"reason":%b}'
            % (
                end[-KEY - AFTER_KEY : -AFTER_KEY],
                number,
                common.certifications[which],
                status,
                text_of_micros(issued),
                text_of_micros(expiring),
                text_of_micros(expires),
                end[: -KEY - AFTER_KEY - BEFORE_KEY],
                text_of_micros(renewable),
                common.sections[sections],
                b"null" if replaces == NOTHING else b'"%b"' % str(UUID(bytes=replaces)).encode(),
                common.reasons[reason],
            )
        )
    return found
