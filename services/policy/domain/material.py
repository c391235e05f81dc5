"""Whether people should be asked to accept a version anew: a suggestion with its reasons, a person decides."""

import re
from collections.abc import Iterator, Sequence

from services.policy.schemas.diffs import MaterialOut, RuleDiff, SectionDiff

WEIGHTY = frozenset(
    re.findall(
        r"\w+",
        """
        must shall should may can cannot not no never always only all none any every without unless except before after
        muss müssen darf dürfen soll sollen kann können nicht kein keine nie niemals immer nur alle ohne
        doit doivent peut peuvent pas jamais toujours seulement tous sans
        debe deben puede pueden nunca siempre solo todos sin
        deve devem pode podem não sempre apenas todos sem
        two three four five six seven eight nine ten twelve half zwei drei vier fünf sechs sieben acht neun zehn zwölf
        deux trois quatre cinq sept huit neuf dix dos tres cuatro cinco seis siete ocho nueve diez dois três quatro sete oito
        """,
    )
)
"""Words by which a sentence asks something else, numbers among them, in the languages that policies here are mostly written in."""
FEW = 8
"""Changed words up to which a section may merely have been tidied."""
EFFECTIVE = frozenset({"detect", "severity", "applies_to", "evasion", "mode"})
"""What of a rule decides what it does to whom."""


def suggest(sections: Sequence[SectionDiff], rules: Sequence[RuleDiff], *, stated: bool) -> MaterialOut:
    """Return a suggestion from what changed; order, layout and small corrections are no reason."""
    reasons = [*(reason for each in sections for reason in of_section(each))]
    reasons += [reason for each in rules for reason in of_rule(each)]
    return MaterialOut(suggested=bool(reasons), stated=stated, reasons=reasons)


def of_section(section: SectionDiff) -> Iterator[str]:
    """Say why a change of a section matters, if it does."""
    name = f"The section “{section.heading}”"
    if section.change in {"added", "removed"}:
        yield f"{name} was {section.change}."
    elif section.change == "changed":
        touched = [
            word.casefold()
            for piece in section.words
            if piece.change != "same"
            for word in re.findall(r"\w+", piece.text)
        ]
        struck = any("~" in piece.text for piece in section.words if piece.change != "same")
        weighty = list(dict.fromkeys(word for word in touched if word in WEIGHTY or word[0].isdigit()))
        if weighty:
            yield f"{name} asks something else: {', '.join(f'“{word}”' for word in weighty[:5])} changed."
        elif struck:
            yield f"{name} strikes out something else."
        elif len(touched) > FEW:
            yield f"{name} was reworded: {len(touched)} words changed."


def of_rule(rule: RuleDiff) -> Iterator[str]:
    """Say why a change of a rule matters, if it does."""
    if rule.change in {"added", "removed"}:
        yield f"The rule “{rule.id}” was {rule.change}."
    elif effective := sorted(EFFECTIVE.intersection(rule.fields)):
        yield f"The rule “{rule.id}” does something else: {', '.join(effective)} changed."
