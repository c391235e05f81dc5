"""Bodies of comparisons between versions."""

from typing import Literal

from shared.schemas import Resource

SectionChange = Literal["added", "removed", "changed", "moved", "unchanged"]


class WordChange(Resource):
    """A piece of a text that stays, comes or goes; what stays and what came, joined, is the text as it is now."""

    change: Literal["same", "added", "removed"]
    text: str


class FieldDiff(Resource):
    """A field of the front matter that changed."""

    field: str
    before: str | None
    after: str | None


class SectionDiff(Resource):
    """What became of a section.

    `changed` is about its words; it may have `moved` besides. `html` has them with `<ins>` and `<del>`, `words` the same
    as data, heading first; `before` and `after` are the Markdown. All are empty where no word differs.
    """

    id: str
    heading: str
    change: SectionChange
    moved: bool
    parent: str | None
    before_heading: str | None
    before_parent: str | None
    before: str | None
    after: str | None
    html: str
    words: list[WordChange]


class RuleDiff(Resource):
    """What became of a rule: `fields` are those that differ, `section` among them where it has `moved`."""

    id: str
    section: str
    change: SectionChange
    moved: bool
    before_section: str | None
    fields: list[str]
    before: str | None
    after: str | None
    html: str
    words: list[WordChange]


class MaterialOut(Resource):
    """Whether people should accept the version anew, by what changed; `stated` is what its author says."""

    suggested: bool
    stated: bool
    reasons: list[str]


class DiffOut(Resource):
    """How a version differs from another."""

    policy: str
    number: int
    against: int
    fields: list[FieldDiff]
    sections: list[SectionDiff]
    rules: list[RuleDiff]
    material: MaterialOut
