"""Items of QTI in both ways of writing them, and packages of such items, for tests."""

import re
from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

NAMESPACE = "http://www.imsglobal.org/xsd/imsqti_v2p2"
TEMPLATES = "http://www.imsglobal.org/question/qti_v2p2/rptemplates/"
NAMES = re.compile(r"(</?)([a-z][a-zA-Z]*)")
ATTRIBUTES = re.compile(r' ([a-z]+(?:[A-Z][a-z]+)+)="')
HTML = {"p", "em", "br", "img", "strong", "math"}


def item(
    body: str, right: str, *, rules: str = "match_correct", head: str = "", tail: str = "", name: str = "water"
) -> str:
    """Return an item of QTI 2.2 whose response RESPONSE is declared by `right`: attributes, then what stands in it."""
    attributes, _, declared = right.partition("|")
    processing = f'<responseProcessing template="{TEMPLATES}{rules}"/>' if rules.isidentifier() else rules
    return (
        f'<assessmentItem xmlns="{NAMESPACE}" identifier="{name}" title="A title" adaptive="false" timeDependent="false">\n'
        f'<responseDeclaration identifier="RESPONSE" {attributes}>{declared}</responseDeclaration>\n{head}'
        f'<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"/>\n'
        f"<itemBody>{body}</itemBody>\n{processing}\n{tail}</assessmentItem>"
    )


def correct(*values: str) -> str:
    """Return what is right."""
    return f"<correctResponse>{''.join(f'<value>{value}</value>' for value in values)}</correctResponse>"


def mapping(entries: Mapping[str, float], **attributes: str) -> str:
    """Return what answers earn."""
    said = "".join(f' {name}="{value}"' for name, value in attributes.items())
    rows = (f'<mapEntry mapKey="{key}" mappedValue="{value}"/>' for key, value in entries.items())
    return f"<mapping{said}>{''.join(rows)}</mapping>"


def choices(*options: str, shuffle: str = "true", most: int = 1, kind: str = "choice", inside: str = "") -> str:
    """Return an interaction whose options have the identifiers A, B, C, each with its text."""
    shown = "".join(
        f'<simpleChoice identifier="{chr(65 + n)}">{option}</simpleChoice>' for n, option in enumerate(options)
    )
    return (
        f'<{kind}Interaction responseIdentifier="RESPONSE" shuffle="{shuffle}" maxChoices="{most}">'
        f"<prompt>Which?</prompt>{inside}{shown}</{kind}Interaction>"
    )


def matches(left: Mapping[str, str], right: Mapping[str, str]) -> str:
    """Return an interaction of two sets."""
    sets = (
        "".join(
            f'<simpleAssociableChoice identifier="{key}" matchMax="0">{text}</simpleAssociableChoice>'
            for key, text in each.items()
        )
        for each in (left, right)
    )
    inner = "".join(f"<simpleMatchSet>{each}</simpleMatchSet>" for each in sets)
    return f'<matchInteraction responseIdentifier="RESPONSE"><prompt>Match.</prompt>{inner}</matchInteraction>'


def as_version_3(text: str) -> str:
    """Return the same item as QTI 3.0 writes it: kebab case, with a prefix on all that is not HTML."""

    def kebab(name: str) -> str:
        return re.sub(r"[A-Z]", lambda letter: f"-{letter[0].lower()}", name)

    def named(found: re.Match[str]) -> str:
        return found[1] + (found[2] if found[2] in HTML else f"qti-{kebab(found[2])}")

    text = NAMES.sub(named, text).replace(NAMESPACE, "http://www.imsglobal.org/xsd/imsqtiasi_v3p0")
    return ATTRIBUTES.sub(lambda found: f' {kebab(found[1])}="', text).replace(
        f'{TEMPLATES}match_correct"', 'https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"'
    )


def package(files: Mapping[str, str | bytes], compression: int = ZIP_DEFLATED) -> bytes:
    """Return files as a ZIP file."""
    kept = BytesIO()
    with ZipFile(kept, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return kept.getvalue()


ONE = 'cardinality="single" baseType="identifier"|'
SOME = 'cardinality="multiple" baseType="identifier"|'
SINGLE = item(
    "<p>We <em>listen</em> first.</p>" + choices("Listening", "Selling", "Shouting"), ONE + correct("A"), name="first"
)
