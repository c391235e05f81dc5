"""What an item of QTI says is right, and what it earns: by its correct response, or by its mapping of answers to points."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from xml.etree.ElementTree import Element

from services.training.domain.question_files import building
from services.training.domain.question_files.building import Weighed, number_of
from services.training.domain.question_files.qti_tree import words
from services.training.domain.question_files.reading import Draft, Refused

MATCH, MAP = "match_correct", "map_response"
OWN_RULES = "how it is scored by rules of its own was left out; here what it names as correct earns all points"


@dataclass(frozen=True, slots=True)
class Mapping:
    """What answers earn in points, each by itself; `folded` are those in which capitals do not matter."""

    points: dict[str, float]
    default: float
    most: float | None
    folded: frozenset[str]


@dataclass(frozen=True, slots=True)
class Item:
    """An item and its one interaction; `mapping` is there only where it decides what an answer earns."""

    root: Element
    interaction: Element
    notes: list[str]
    base: str
    single: bool
    correct: list[str]
    mapping: Mapping | None

    @classmethod
    def of(cls, root: Element, interaction: Element, draft: Draft) -> Self:
        """Read what is right; raises Refused."""
        response = interaction.get("responseIdentifier", "")
        declared = next((one for one in root.iter("responseDeclaration") if one.get("identifier") == response), None)
        if declared is None:
            raise Refused("does not declare what is right")
        how = scoring(root, response)
        mapping = mapping_of(declared.find("mapping")) if how == MAP else None
        correct = [words(value) for value in declared.iterfind("correctResponse/value")]
        if mapping is None and not correct:
            raise Refused("does not say what is right")
        if how is None or (how == MAP and mapping is None):
            draft.notes.append(OWN_RULES)
        return cls(
            root=root,
            interaction=interaction,
            notes=draft.notes,
            base=declared.get("baseType", "identifier"),
            single=declared.get("cardinality", "single") == "single",
            correct=correct,
            mapping=mapping,
        )

    def weigh(self, answers: Iterable[tuple[str, str, str | None]]) -> list[Weighed]:
        """Return answers, given with their identifiers and feedback, with what each earns in percent; raises Refused."""
        there = list(answers)
        if self.mapping is None:
            return [Weighed(text, building.ALL * (name in self.correct), said) for name, text, said in there]
        points = [self.mapping.points.get(name, self.mapping.default) for name, _, _ in there]
        most = total(self.mapping, points, single=self.single)
        # Nobody gets less than nothing, so what takes away more than all takes away all.
        weights = [max(one / most * building.ALL, -building.ALL) for one in points]
        return [Weighed(text, weight, said) for (_, text, said), weight in zip(there, weights, strict=True)]


def total(mapping: Mapping, points: Iterable[float], *, single: bool) -> float:
    """Return the most that can be earned with answers that earn so many points each; raises Refused when it is nothing."""
    right = [one for one in points if one > 0]
    if not right:
        raise Refused("nothing that can be answered earns points")
    if single:
        return max(right)
    return min(sum(right), mapping.most) if mapping.most is not None and mapping.most > 0 else sum(right)


def mapping_of(element: Element | None) -> Mapping | None:
    """Read a mapping; raises Refused when its points are no numbers."""
    entries = list(element.iterfind("mapEntry")) if element is not None else []
    if element is None or not entries:
        return None
    points = {one.get("mapKey", "").strip(): number_of(one.get("mappedValue", "")) for one in entries}
    most = element.get("upperBound")
    return Mapping(
        points=points,
        default=number_of(element.get("defaultValue", "0")),
        most=number_of(most) if most is not None else None,
        folded=frozenset(
            one.get("mapKey", "").strip() for one in entries if one.get("caseSensitive", "true") in {"false", "0"}
        ),
    )


def scoring(root: Element, response: str) -> str | None:
    """Return by which of the two an item is scored, also where it writes their rules out; none for rules of its own."""
    processing = root.find("responseProcessing")
    if processing is None:
        return MATCH
    template = processing.get("template", "").rpartition("/")[2].removesuffix(".xml")
    if template or not len(processing):
        return {MATCH: MATCH, MAP: MAP}.get(template, None if template else MATCH)
    sets = [(branch, value) for branch, value in scores(processing) if not is_nothing(value)]
    if len(sets) != 1:
        return None
    branch, value = sets[0]
    if value.tag == "mapResponse" and value.get("identifier") == response:
        return MAP
    asked = branch.find("match") if branch.tag == "responseIf" else None
    names = [(one.tag, one.get("identifier")) for one in asked] if asked is not None else []
    return MATCH if sorted(names) == [("correct", response), ("variable", response)] else None


def scores(processing: Element) -> Iterable[tuple[Element, Element]]:
    """Yield what the outcome SCORE is set to, each with the branch in which that stands."""
    for branch in processing.iter():
        for one in branch.iterfind("setOutcomeValue"):
            if one.get("identifier") == "SCORE" and len(one):
                yield branch, one[0]


def is_nothing(value: Element) -> bool:
    """Say whether a value is a zero that is written out."""
    return value.tag == "baseValue" and words(value) in {"0", "0.0"}


def points_of(item: Item) -> int:
    """Return what an item is worth, in whole points: its greatest score, else what its mapping gives."""
    declared = {one.get("identifier"): one for one in item.root.iterfind("outcomeDeclaration")}
    most = declared.get("MAXSCORE")
    said = words(value) if most is not None and (value := most.find("defaultValue/value")) is not None else ""
    if not said and (score := declared.get("SCORE")) is not None:
        said = score.get("normalMaximum", "")
    if said:
        return building.whole_points(number_of(said), item.notes)
    if item.mapping is None:
        return 1
    return building.whole_points(
        total(item.mapping, item.mapping.points.values(), single=item.single and item.base != "directedPair"),
        item.notes,
    )


def tolerance_of(item: Item, value: float) -> float:
    """Return how far from a number the item's own rules accept another; zero where they do not say so plainly."""
    rules = list(item.root.iterfind("responseProcessing//equal"))
    if len(rules) != 1 or not rules[0].get("tolerance"):
        return 0.0
    by = max(number_of(part) for part in rules[0].get("tolerance", "").split()[:2])
    match rules[0].get("toleranceMode"):
        case "absolute":
            return by
        case "relative":
            return abs(value) * by / 100
    return 0.0
