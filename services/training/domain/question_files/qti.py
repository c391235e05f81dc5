"""QTI 2.x and 3.0 read: one item in an XML file, or the items of a zipped package; what it cannot mean here is said.

IMS Question and Test Interoperability, Assessment Test, Section and Item Information Model 2.2; 1EdTech QTI 3.0.
"""

from dataclasses import replace
from posixpath import dirname, join, normpath
from xml.etree.ElementTree import Element

from services.training.domain.question_files import building, markup, packages
from services.training.domain.question_files.packages import Member
from services.training.domain.question_files.qti_interactions import KINDS, NOT_OURS, feedback_of, interactions_of
from services.training.domain.question_files.qti_scoring import Item, points_of
from services.training.domain.question_files.qti_tree import html_of, parse_alike, truth, words
from services.training.domain.question_files.reading import (
    Draft,
    Found,
    NotAQuestionFile,
    Refused,
    enough,
    finish,
    limited,
    refused,
)
from services.training.domain.question_files.xml_tree import line_of

ITEM = "assessmentItem"
READ = frozenset({"responseDeclaration", "outcomeDeclaration", "itemBody", "responseProcessing", "modalFeedback"})
BESIDE = {"catalogInfo": "what it has for people who read it otherwise"}
LOOKS = frozenset({"stylesheet"})
ASIDE = {
    "rubricBlock": "a note beside it",
    "feedbackBlock": "feedback in the text",
    "feedbackInline": "feedback in the text",
    "infoControl": "a hint",
    "templateBlock": "a part of its template",
    "templateInline": "a part of its template",
}
"""What stands in the body and is no part of the question."""
GAPS = frozenset({"textEntryInteraction", "inlineChoiceInteraction"})
GAP = " _____ "


def read(content: bytes) -> list[Found]:
    """Return the questions of a file, each as ours or with why it is not; raises NotAQuestionFile."""
    if packages.is_package(content):
        return limited(read_package(content))
    root = parse_alike(content)
    if root.tag != ITEM:
        raise NotAQuestionFile(no_item(root))
    return [one_of(root, [])]


def no_item(root: Element) -> str:
    """Say why a file is no item."""
    match root.tag:
        case "questestinterop":
            return "Is QTI 1.2, which is not read; export the questions as QTI 2.1, 2.2 or 3.0."
        case "assessmentTest" | "assessmentSection" | "manifest":
            return "Names questions, but holds none; send the whole package as a ZIP file."
    return f"Is not QTI: it begins with <{root.tag[:50]}>, not with <{ITEM}> or <qti-assessment-item>."


def read_package(content: bytes) -> list[Found]:
    """Return the questions of a package in the order of its manifest, then those that it does not name."""
    found: dict[str, Found] = {}
    manifest: dict[str, list[str]] = {}
    for member in packages.members_of(content):
        if is_manifest(member):
            manifest |= keywords_of(member)
            continue
        one = read_member(member, manifest.get(member.name, []))
        if one is not None:
            found[member.name] = replace(one, file=member.name)
        if enough([*found.values()]):
            break
    places = {name: place for place, name in enumerate(manifest)}
    return [found[name] for name in sorted(found, key=lambda name: (places.get(name, len(places)), name))]


def is_manifest(member: Member) -> bool:
    """Say whether a file says what is in the package."""
    return member.name.rpartition("/")[2].lower() == packages.MANIFEST


def keywords_of(member: Member) -> dict[str, list[str]]:
    """Return the keywords of each file that a manifest names, in its order; nothing where it cannot be read."""
    try:
        root = parse_alike(member.content)
    except NotAQuestionFile:
        return {}
    folder = dirname(member.name)
    return {
        normpath(join(folder, resource.get("href", ""))): [
            word for keyword in resource.iter("keyword") if (word := words(keyword))
        ]
        for resource in root.iter("resource")
        if resource.get("href")
    }


def read_member(member: Member, keywords: list[str]) -> Found | None:
    """Return the question of one file of a package; none where it is another kind of file, such as a test's."""
    if member.refused is not None:
        return Found(1, "", refused=member.refused)
    try:
        root = parse_alike(member.content)
    except NotAQuestionFile as why:
        return Found(1, "", refused=why.detail or str(why))
    if root.tag == "questestinterop":
        return Found(line_of(root), "", refused=no_item(root))
    return one_of(root, keywords) if root.tag == ITEM else None


def one_of(root: Element, keywords: list[str]) -> Found:
    """Read one item."""
    draft = Draft(line_of(root), name=root.get("title", "").strip(), ident=root.get("identifier", "").strip())
    draft.tags = keywords
    try:
        read_item(root, draft)
    except Refused as why:
        return refused(draft, why)
    return finish(draft)


def read_item(root: Element, draft: Draft) -> None:
    """Read what an item says; raises Refused."""
    if root.find("templateDeclaration") is not None:
        raise Refused("it is a template whose parts are drawn anew for each person; write out one question of it")
    if truth(root, "adaptive"):
        raise Refused("it goes on by what was answered; a question is answered once here")
    body = root.find("itemBody")
    interaction = only_interaction(body)
    item = Item.of(root, interaction, draft)
    draft.fields = {"text": text_of(body, interaction, draft), "points": 1, "shuffle": truth(interaction, "shuffle")}
    told = feedback_of(item)
    draft.fields |= KINDS[interaction.tag](item, told)
    draft.fields["points"] = points_of(item)
    left_out(item, told)


def only_interaction(body: Element | None) -> Element:
    """Return the interaction of an item; raises Refused where it has none or several, or one that is none of ours."""
    there = interactions_of(body) if body is not None else []
    if not there:
        raise Refused("a text without answers is no question")
    for one in there:
        if one.tag not in KINDS:
            raise Refused(NOT_OURS.get(one.tag, f"<{one.tag[:50]}> is no kind of question that there is here"))
    if len(there) > 1:
        raise Refused(f"has {len(there)} interactions; write a question for each")
    return there[0]


def text_of(body: Element | None, interaction: Element, draft: Draft) -> str:
    """Return what is asked: the body around the interaction, with a gap where something is filled in, and its prompt."""
    assert body is not None  # noqa: S101  an interaction was found in it
    inside = {id(one) for one in interaction.iter()}
    for one in body.iter():
        if one.tag in ASIDE and id(one) not in inside:
            draft.notes.append(f"{ASIDE[one.tag]} was left out: {building.brief(words(one))}")
    instead = {**dict.fromkeys(ASIDE, ""), interaction.tag: GAP if interaction.tag in GAPS else ""}
    prompt = interaction.find("prompt")
    asked = html_of(body, instead) + (f"<p>{html_of(prompt, instead)}</p>" if prompt is not None else "")
    return markup.plain(asked, draft.notes, "the text")


def left_out(item: Item, told: dict[str, str]) -> None:
    """Note what an item has that was not read."""
    for child in item.root:
        if child.tag == "modalFeedback" and child.get("identifier", "") not in told:
            item.notes.append(
                f"the feedback {building.brief(words(child))} was left out; feedback is for one answer, or for all"
            )
        elif child.tag == "assessmentStimulusRef":
            item.notes.append(f"what it refers to, {building.brief(child.get('href', ''))}, was left out")
        elif child.tag not in READ | LOOKS:
            item.notes.append(f"{BESIDE.get(child.tag, f'<{child.tag[:50]}>')} was left out")
    if truth(item.root, "timeDependent"):
        item.notes.append("how long an answer takes does not count here")
