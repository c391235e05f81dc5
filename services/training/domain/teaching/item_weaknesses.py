"""What the figures of a question say against it, in words for its author."""

from collections.abc import Iterator, Sequence

from services.training.schemas.item_analysis import Flag, OptionCount

TOO_EASY, TOO_HARD = 0.95, 0.2
WEAK = 0.15
"""Below this a correlation hardly tells people apart (Ebel 1965 asks for 0.2 of the uncorrected one)."""
ENOUGH_FOR_OPTIONS = 20
"""Sittings after which an option that nobody chose means something."""


def weaknesses(
    facility: float, sittings: int, discrimination: float | None, compared: int, options: Sequence[OptionCount]
) -> list[Flag]:
    """Return what may be wrong with a question."""
    found = [*of_facility(facility, sittings), *of_options(options, sittings)]
    if discrimination is not None and round(discrimination, 2) < 0:
        why = f"Who does well in the rest tends to do badly here ({discrimination:.2f}, {compared} sittings): is the solution right?"
        found.append(Flag(flag="negative_discrimination", why=why))
    elif discrimination is not None and discrimination < WEAK:
        why = f"It hardly tells who knows from who does not ({discrimination:.2f}, {compared} sittings)."
        found.append(Flag(flag="weak_discrimination", why=why))
    return found


def of_facility(facility: float, sittings: int) -> Iterator[Flag]:
    """Say that a question is too easy or too hard."""
    why = f"{facility:.0%} of the points were earned in {sittings} sittings."
    if facility >= TOO_EASY:
        yield Flag(flag="too_easy", why=why)
    if facility <= TOO_HARD:
        yield Flag(flag="too_hard", why=why)


def of_options(options: Sequence[OptionCount], sittings: int) -> Iterator[Flag]:
    """Say which wrong options nobody takes for right, and which more do than the right one."""
    unused = [option.text for option in options if not option.correct and not option.chosen]
    if unused and sittings >= ENOUGH_FOR_OPTIONS:
        named = ", ".join(f"“{text[:60]}”" for text in unused)
        yield Flag(flag="unused_options", why=f"In {sittings} sittings nobody chose {named}.")
    right = [option.chosen for option in options if option.correct]
    misleading = [option for option in options if not option.correct and right and option.chosen > max(right)]
    if misleading:
        most = max(misleading, key=lambda option: option.chosen)
        yield Flag(
            flag="misleading_option",
            why=f"“{most.text[:60]}” was chosen {most.chosen} times, a right one {max(right)} times.",
        )
