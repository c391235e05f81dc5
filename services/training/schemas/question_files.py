"""Bodies of imports of questions."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.schemas import Resource


class QuestionFormat(StrEnum):
    """Formats of files of questions that are read and written."""

    GIFT = "gift"
    AIKEN = "aiken"
    MOODLE_XML = "moodle_xml"


class ImportFormat(StrEnum):
    """Formats of files of questions that are read."""

    GIFT = "gift"
    AIKEN = "aiken"
    MOODLE_XML = "moodle_xml"
    QTI = "qti"


class ImportedQuestion(Resource):
    """What became of one question of a file, or would; `line` is where it begins, in that `file` of a package.

    `accepted`: it is as the file has it. `changed`: it was taken, and `notes` say what is other than in the file.
    `refused`: it was not taken, and `detail` says why. `effect` is what that is to the bank.
    """

    line: int
    file: Annotated[str | None, Field(default=None, examples=["items/hours.xml"])]
    key: str | None
    outcome: Annotated[Literal["accepted", "changed", "refused"], Field(examples=["changed"])]
    effect: Literal["created", "updated", "unchanged"] | None
    notes: Annotated[
        list[str], Field(examples=[["its units were left out; say in the text in which unit the number is"]])
    ]
    detail: str | None


class QuestionImportOut(Resource):
    """What an import did; nothing where `applied` is false: a dry run, or one that takes all questions or none."""

    format: ImportFormat
    dry_run: bool
    applied: bool
    accepted: int
    changed: int
    refused: int
    created: int
    updated: int
    unchanged: int
    questions: list[ImportedQuestion]
