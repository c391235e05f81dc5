"""How the interactions of QTI become questions of ours: choice, order, match, text entry and inline choice."""

from collections import defaultdict
from collections.abc import Callable, Collection
from typing import Any
from xml.etree.ElementTree import Element

from services.training.domain.question_files import building, markup
from services.training.domain.question_files.qti_scoring import Item, tolerance_of
from services.training.domain.question_files.qti_tree import html_of, truth, words
from services.training.domain.question_files.reading import Refused

NUMBERS = frozenset({"integer", "float"})
PICTURE = "it is answered on a picture; questions are texts here"
NOT_OURS = {
    "extendedTextInteraction": "an essay has no answers to compare with",
    "uploadInteraction": "a file that is handed in has no answers to compare with; write a practical task",
    "drawingInteraction": "a drawing has no answers to compare with",
    "mediaInteraction": "a film or sound is no question",
    "associateInteraction": "pairs within one set are no kind of question that there is here; write it as two sets",
    "gapMatchInteraction": "a text with several gaps is not one question; write one for each gap",
    "hottextInteraction": "words chosen in a text are no kind of question that there is here; write a choice",
    "sliderInteraction": "a slider is no kind of question that there is here; ask for the number",
    "endAttemptInteraction": "a button that ends an attempt is no question",
    "customInteraction": "it runs a program of its own",
    "portableCustomInteraction": "it runs a program of its own",
    "hotspotInteraction": PICTURE,
    "graphicOrderInteraction": PICTURE,
    "graphicAssociateInteraction": PICTURE,
    "graphicGapMatchInteraction": PICTURE,
    "selectPointInteraction": PICTURE,
    "positionObjectInteraction": PICTURE,
}
CHOICES = frozenset({"simpleChoice", "inlineChoice", "simpleAssociableChoice"})
INLINE = "feedbackInline"


def interactions_of(body: Element) -> list[Element]:
    """Return what there is to answer, in the order of the text."""
    return [one for one in body.iter() if one.tag.endswith("Interaction")]


def feedback_of(item: Item) -> dict[str, str]:
    """Return what is said to whoever chooses an option, by its identifier, in it or after it."""
    told: dict[str, list[str]] = defaultdict(list)
    options = {one.get("identifier", ""): one for one in item.interaction.iter() if one.tag in CHOICES}
    for name, option in options.items():
        for said in option.iter(INLINE):
            if said.get("showHide") != "hide" and said.get("identifier") == name:
                told[name].append(markup.plain(html_of(said), item.notes, "feedback"))
            else:
                item.notes.append(f"the feedback {building.brief(words(said))} was left out; it is not of its option")
    for said in item.root.iterfind("modalFeedback"):
        if said.get("showHide") != "hide" and (name := said.get("identifier", "")) in options:
            told[name].append(markup.plain(html_of(said), item.notes, "feedback"))
    return {name: " ".join(parts) for name, parts in told.items()}


def texts_of(item: Item, options: Collection[Element]) -> dict[str, str]:
    """Return the texts of options by their identifiers; raises Refused where two have the same."""
    names = [one.get("identifier", "") for one in options]
    if len(set(names)) < len(names):
        raise Refused("two options have the same identifier")
    return {
        name: markup.plain(html_of(one, {INLINE: ""}), item.notes, "an answer")
        for name, one in zip(names, options, strict=True)
    }


def note_fixed(item: Item, options: Collection[Element]) -> None:
    """Note options that keep their place while the others change theirs."""
    fixed = [one for one in options if truth(one, "fixed")]
    if truth(item.interaction, "shuffle") and fixed:
        item.notes.append(f"{building.brief(words(fixed[0]))} keeps its place elsewhere; here all are shuffled")


def read_choice(item: Item, told: dict[str, str]) -> dict[str, Any]:
    """Read options of which one or some are right."""
    options = [one for one in item.interaction if one.tag in CHOICES]
    note_fixed(item, options)
    limit = item.interaction.get("maxChoices", "0" if not item.single else "1")
    if not item.single and limit not in {"0", str(len(options))}:
        item.notes.append(f"{limit} of its options may be chosen elsewhere; here any number")
    weighed = item.weigh((name, text, told.get(name)) for name, text in texts_of(item, options).items())
    if item.mapping is not None or item.single:
        return building.choice(weighed, single=item.single)
    kept = [building.option(one, correct=one.weight > 0, credit=None) for one in weighed]
    return {"kind": "multiple", "options": kept, "partial": "none"}


def read_order(item: Item, _: dict[str, str]) -> dict[str, Any]:
    """Read entries, and put them into their right order."""
    options = [one for one in item.interaction if one.tag in CHOICES]
    note_fixed(item, options)
    texts = texts_of(item, options)
    if sorted(item.correct) != sorted(texts):
        raise Refused("does not give each of its entries one place")
    if item.mapping is not None:
        item.notes.append("an order that is partly right earns nothing here")
    return {"kind": "ordering", "entries": [texts[name] for name in item.correct], "partial": "none"}


def read_match(item: Item, _: dict[str, str]) -> dict[str, Any]:
    """Read two sets, of which each of the one goes with one of the other; raises Refused for anything else."""
    sets = [texts_of(item, list(one)) for one in item.interaction.iterfind("simpleMatchSet")]
    if len(sets) != 2:
        raise Refused("has not two sets to be matched")
    named = [one.split() for one in item.correct or right_pairs(item)]
    if any(len(pair) != 2 or pair[0] not in sets[0] or pair[1] not in sets[1] for pair in named):
        raise Refused("names pairs of what is not there")
    pairs = [(first, second) for first, second in named]
    if sorted(first for first, _ in pairs) == sorted(sets[0]):
        prompts, matches = sets
    elif sorted(second for _, second in pairs) == sorted(sets[1]):
        matches, prompts = sets
        pairs = [(second, first) for first, second in pairs]
    else:
        raise Refused("each prompt goes with just one other here; some go with several, or with none")
    note_weights(item)
    goes = dict(pairs)
    unused = [text for name, text in matches.items() if name not in goes.values()]
    both = [(text, matches[goes[name]]) for name, text in prompts.items()]
    read = building.matching([*both, *(("", text) for text in unused)], item.notes)
    return {**read, "partial": "none" if item.mapping is None else "proportional"}


def right_pairs(item: Item) -> list[str]:
    """Return the pairs that earn points."""
    return [pair for pair, points in item.mapping.points.items() if points > 0] if item.mapping is not None else []


def note_weights(item: Item) -> None:
    """Note pairs that earn more than others, or take away."""
    if item.mapping is None:
        return
    points = item.mapping.points
    if len({points.get(pair, 0) for pair in item.correct or right_pairs(item)}) > 1:
        item.notes.append("some of its pairs earn more than others; here each earns the same")
    if min([item.mapping.default, *points.values()]) < 0:
        item.notes.append("a wrong pair takes points away elsewhere; here it earns nothing")


def read_text(item: Item, _: dict[str, str]) -> dict[str, Any]:
    """Read texts or numbers that are accepted."""
    mask = item.interaction.get("patternMask")
    if mask:
        item.notes.append(f"the pattern {building.brief(mask)}, which an answer must fit, was left out")
    if item.base not in NUMBERS | {"string"} or not item.single:
        raise Refused(f"an answer of the type {building.brief(item.base)} is neither a text nor a number")
    points = item.mapping.points if item.mapping is not None else dict.fromkeys(item.correct, 1.0)
    answers = item.weigh((text, text, None) for text in points)
    if item.base in NUMBERS:
        values = [building.number_of(one.text) for one in answers]
        return building.numeric(
            [
                ({"value": value, "tolerance": tolerance_of(item, value)}, one)
                for value, one in zip(values, answers, strict=True)
            ],
            item.notes,
        )
    folded = item.mapping.folded if item.mapping is not None else frozenset()
    if folded and len(folded) < len(points):
        item.notes.append("capitals matter in some of its answers; here in all")
    literal = [one._replace(text=one.text.replace("*", "\\*")) for one in answers]
    return building.short_text(literal, item.notes, case=len(folded) < len(points))


KINDS: dict[str, Callable[[Item, dict[str, str]], dict[str, Any]]] = {
    "choiceInteraction": read_choice,
    "inlineChoiceInteraction": read_choice,
    "orderInteraction": read_order,
    "matchInteraction": read_match,
    "textEntryInteraction": read_text,
}
