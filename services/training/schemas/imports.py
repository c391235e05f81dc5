"""Bodies of imports: files of people, and which of their columns is what."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from services.training.schemas.people import Email, Language, Languages, needs_user_name
from shared.schemas import Body, EmployeeNumber, Line, Resource, Slug


class Encoding(StrEnum):
    """How the characters of a file are written."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    WINDOWS_1250 = "windows-1250"
    WINDOWS_1251 = "windows-1251"
    WINDOWS_1252 = "windows-1252"
    WINDOWS_1253 = "windows-1253"
    WINDOWS_1254 = "windows-1254"
    ISO_8859_1 = "iso-8859-1"
    ISO_8859_2 = "iso-8859-2"
    ISO_8859_15 = "iso-8859-15"
    SHIFT_JIS = "shift_jis"
    GB18030 = "gb18030"
    EUC_KR = "euc-kr"
    BIG5 = "big5"

    @property
    def codec(self) -> str:
        """The name by which Python knows it; a byte order mark is no part of the text."""
        return "utf-8-sig" if self is Encoding.UTF_8 else self.value


class Delimiter(StrEnum):
    """What stands between the cells of a line."""

    COMMA = "comma"
    SEMICOLON = "semicolon"
    TAB = "tab"
    PIPE = "pipe"
    CARET = "caret"

    @property
    def sign(self) -> str:
        """The character itself."""
        return {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "caret": "^"}[self.value]


Attribute = Literal[
    "employee_number",
    "user_name",
    "name",
    "email",
    "department",
    "region",
    "cost_centre",
    "legal_entity",
    "title",
    "locale",
    "manager",
    "languages",
    "active",
]
Outcome = Literal["created", "updated", "unchanged", "rejected"]
Columns = Annotated[
    dict[Line, Attribute],
    Field(min_length=1, max_length=50, examples=[{"Personalnummer": "employee_number", "Abteilung": "department"}]),
]


class PersonRow(Body):
    """A row of a file: what it says of a person. A column that the file does not have says nothing."""

    employee_number: EmployeeNumber | None = None
    name: Line
    email: Email
    department: Line
    region: Line
    manager: EmployeeNumber | None = None
    languages: Languages = Field(default=[])
    user_name: Line | None = None
    cost_centre: Line | None = None
    legal_entity: Line | None = None
    title: Line | None = None
    locale: Language | None = None
    active: bool | None = None

    @model_validator(mode="after")
    def check_user_name(self) -> Self:
        """Refuse an e-mail that stands for a user name, too, and is too long for one."""
        return needs_user_name(self, self.user_name, self.email)


class ImportedRow(Resource):
    """What became of one row of a CSV file; `row` counts from 1, the header not included."""

    row: int
    employee_number: str
    outcome: Annotated[Outcome, Field(examples=["created"])]
    detail: str | None = None


class ImportOut(Resource):
    """What an import did, or would do when it was a dry run, with how the file was read."""

    dry_run: bool
    created: int
    updated: int
    unchanged: int
    rejected: int
    encoding: Annotated[str, Field(examples=["utf-8"])]
    delimiter: Annotated[str, Field(examples=[","])]
    ignored_columns: list[str]
    state: Annotated[str, Field(examples=["receiving", "planning", "applying", "done", "refused", "failed"])]
    rows: list[ImportedRow]


class ImportJobOut(Resource):
    """A large file under way, or what came of it; its rows are at `/rows`."""

    id: str
    state: Annotated[str, Field(examples=["receiving", "planning", "applying", "done", "refused", "failed"])]
    dry_run: bool
    all_or_nothing: bool
    total: int
    planned: int
    applied: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    encoding: Annotated[str, Field(examples=["utf-8"])]
    delimiter: Annotated[str, Field(examples=[","])]
    ignored_columns: list[str]
    detail: str | None
    created_at: datetime
    finished_at: datetime | None


class MappingIn(Body):
    """Which column of a file is which attribute; columns that are called like an attribute need none."""

    columns: Columns
    encoding: Encoding | None = None
    delimiter: Delimiter | None = None


class MappingOut(Resource):
    """A mapping that is kept."""

    name: Slug
    columns: dict[str, str]
    encoding: str | None
    delimiter: str | None
    revision: int
