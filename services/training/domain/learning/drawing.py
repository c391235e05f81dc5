"""Which questions a sitting gets, and in which order its options stand. Knows no database."""

import secrets
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from services.training.schemas.attempts import DrawnItem, DrawnOption
from services.training.schemas.quizzes import Choice, Draw, Matching, Ordering, Question, Quiz, RuleBreak
from shared.ids import new_id

DICE = secrets.SystemRandom()

K = TypeVar("K", bound=Hashable)


class Candidate(NamedTuple):
    """A question that may be drawn; `version` is none for one of the quiz itself."""

    key: str
    version: int | None
    tags: frozenset[str]
    difficulty: str

    @classmethod
    def of(cls, question: Question, version: int | None = None) -> "Candidate":
        """Return what a draw looks at."""
        return cls(question.key, version, frozenset(question.tags), question.difficulty)


def pick(quiz: Quiz, candidates: Iterable[Candidate], seen: Mapping[str, int]) -> list[Candidate]:
    """Choose the questions of a sitting, fewer only where the bank cannot fill all draws.

    `seen` counts in how many sittings a person had a question before: none comes again while a draw can be filled
    with those that came less often.
    """
    draws = quiz.draws or [Draw(count=quiz.draw or len(quiz.questions))]
    there = list(candidates)
    DICE.shuffle(there)
    fits = {
        one: [place for place, draw in enumerate(draws) if belongs(one, draw)]
        for one in sorted(there, key=lambda one: seen.get(one.key, 0))
    }
    chosen = list(fill(fits, [draw.count for draw in draws]))
    if quiz.shuffle:
        DICE.shuffle(chosen)
    else:
        places = {question.key: place for place, question in enumerate(quiz.questions)}
        chosen.sort(key=lambda one: (places.get(one.key, 0), one.key))
    return chosen


def belongs(candidate: Candidate, draw: Draw) -> bool:
    """Tell whether a question is among those of a draw."""
    return (draw.tag is None or draw.tag in candidate.tags) and draw.difficulty in {None, candidate.difficulty}


def fill(fits: Mapping[K, Sequence[int]], room: Sequence[int]) -> dict[K, int]:
    """Put as many as possible into places with room for so many each, the first before the later; returns who is where.

    Whoever comes gets a place if those who have one can move over to others that fit them. As the sets that can be
    placed together form a matroid, taking them in this order leaves out only what comes late (Edmonds 1971).
    """
    placed: dict[K, int] = {}
    inside: list[list[K]] = [[] for _ in room]
    for one in fits:
        if len(placed) == sum(room):
            break
        make_room(one, fits, room, placed, inside)
    return placed


def make_room(
    newcomer: K, fits: Mapping[K, Sequence[int]], room: Sequence[int], placed: dict[K, int], inside: list[list[K]]
) -> None:
    """Place a newcomer, moving others over along the shortest chain that ends where there is room."""
    came_by: dict[int, K] = {}
    ahead = [newcomer]
    for one in ahead:
        for place in fits[one]:
            if place in came_by:
                continue
            came_by[place] = one
            if len(inside[place]) < room[place]:
                move(place, came_by, placed, inside)
                return
            ahead += inside[place]


def move(place: int, came_by: Mapping[int, K], placed: dict[K, int], inside: list[list[K]]) -> None:
    """Move everyone along a chain over by one place, beginning at its end."""
    while True:
        one = came_by[place]
        before = placed.get(one)
        placed[one] = place
        inside[place].append(one)
        if before is None:
            return
        inside[before].remove(one)
        place = before


def lay_out(question: Question, version: int | None) -> DrawnItem:
    """Give a drawn question ids that say nothing, and what there is to choose an order of chance."""
    item = DrawnItem(id=new_id(), question=question.key, version=version)
    match question:
        case RuleBreak():
            *rules, none = places(len(question.options))
            item.options = [*mixed(rules, shuffle=question.shuffle), none]
        case Choice():
            item.options = mixed(places(len(question.options)), shuffle=question.shuffle)
        case Matching():
            item.options = mixed(places(len(question.choices)), shuffle=True)
            item.prompts = mixed(places(len(question.pairs)), shuffle=question.shuffle)
        case Ordering():
            item.options = mixed(places(len(question.entries)), shuffle=True)
    return item


def places(count: int) -> list[DrawnOption]:
    """Return so many parts of a question under new ids."""
    return [DrawnOption(id=secrets.token_hex(8), index=index) for index in range(count)]


def mixed(options: list[DrawnOption], *, shuffle: bool) -> list[DrawnOption]:
    """Return options in the order in which they are shown."""
    return DICE.sample(options, len(options)) if shuffle else options
