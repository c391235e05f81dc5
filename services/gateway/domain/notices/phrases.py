"""What notices say, in each language that we write to people: never what anybody else wrote, and never who they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

FALLBACK = "en"
TITLES: dict[str, dict[str, str]] = {
    "en": {
        "conversation_yours": "A conversation is with you",
        "conversation_due_soon": "A customer is waiting for your answer",
        "conversation_passed_on": "A conversation that you accepted went to somebody else",
        "conversation_came_back": "A conversation lay for too long and came back",
        "guidance_given": "Your coach has written to you",
        "certificate_expiring": "Your certificate is about to expire",
        "certificate_expired": "Your certificate has expired",
        "acknowledgement_due": "Please read and accept a policy",
        "delta_due": "Something has changed that you should know",
        "approval_requested": "Somebody asks for your approval",
        "digest_ready": "You can look back on your week",
        "webhook_paused": "A webhook has been paused",
    },
    "de": {
        "conversation_yours": "Ein Gespräch liegt bei Ihnen",
        "conversation_due_soon": "Jemand wartet auf Ihre Antwort",
        "conversation_passed_on": "Ein Gespräch, das Sie angenommen hatten, ging an jemand anderen",
        "conversation_came_back": "Ein Gespräch blieb zu lange liegen und kam zurück",
        "guidance_given": "Ihr Coach hat Ihnen geschrieben",
        "certificate_expiring": "Ihr Zertifikat läuft bald ab",
        "certificate_expired": "Ihr Zertifikat ist abgelaufen",
        "acknowledgement_due": "Bitte lesen und bestätigen Sie eine Richtlinie",
        "delta_due": "Etwas hat sich geändert, das Sie kennen sollten",
        "approval_requested": "Jemand bittet um Ihre Freigabe",
        "digest_ready": "Ihr Wochenrückblick ist da",
        "webhook_paused": "Ein Webhook wurde angehalten",
    },
}
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "several": "{count} things for you",
        "hello": "Hello {name},",
        "due": "by {at}",
        "why": "You get this since Shareload knows you as a member of staff. Choose what reaches you, and when:",
        "stop": "To get no more e-mails from Shareload:",
    },
    "de": {
        "several": "{count} Dinge für Sie",
        "hello": "Guten Tag {name},",
        "due": "bis {at}",
        "why": "Sie bekommen dies, weil Shareload Sie als Mitarbeitende kennt. Was Sie wann erreicht, wählen Sie hier:",
        "stop": "Keine E-Mails von Shareload mehr:",
    },
}
FORMATS = {"en": "%d %B %Y, %H:%M", "de": "%d.%m.%Y, %H:%M"}
PREFERENCES = "/notices"


@dataclass(frozen=True, slots=True)
class Said:
    """One notice as somebody reads it."""

    title: str
    name: str | None
    due_at: datetime | None
    link: str
    notice: str
    kind: str
    fact: str


def language_for(*wanted: str | None) -> str:
    """Return the first of these languages that we write."""
    spoken = (tag.split("-")[0].lower() for tag in wanted if tag)
    return next((tag for tag in spoken if tag in TITLES), FALLBACK)


def title_of(kind: str, language: str) -> str:
    """Return what a kind of notice is called."""
    return TITLES[language][kind]


def subject_of(said: Sequence[Said], language: str) -> str:
    """Return the line by which somebody sees what it is about."""
    return said[0].title if len(said) == 1 else WORDS[language]["several"].format(count=len(said))


def line_of(one: Said, language: str, zone: ZoneInfo) -> str:
    """Return a notice as one line, with what it is about and until when."""
    about = f" ({one.name})" if one.name else ""
    if one.due_at is None:
        return f"{one.title}{about}"
    local = one.due_at.astimezone(zone)
    at = f"{local.strftime(FORMATS[language])} {local.tzname()}"
    return f"{one.title}{about}, {WORDS[language]['due'].format(at=at)}"


def letter(said: Sequence[Said], language: str, zone: ZoneInfo, name: str, portal: str, stop: str) -> str:
    """Return the text of an e-mail."""
    words = WORDS[language]
    parts = [words["hello"].format(name=name)]
    parts += [f"{line_of(one, language, zone)}\n{portal}{one.link}" for one in said]
    parts += [f"-- \n{words['why']}\n{portal}{PREFERENCES}\n{words['stop']}\n{stop}"]
    return "\n\n".join(parts) + "\n"
