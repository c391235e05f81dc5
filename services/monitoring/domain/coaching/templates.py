"""Templates: words that coaches begin with when a rule has matched, so that everybody is told the same in a kind way."""

from sqlmodel import col, select

from services.monitoring.schemas.guidance import GuidanceIn, TemplateIn, TemplateOut
from services.monitoring.tables import Finding, GuidanceTemplate
from shared.conditions import expect
from shared.db import Session
from shared.evidence import digest_of, record
from shared.ids import new_id
from shared.pages import Page, PageQuery, page
from shared.problems import Conflict, Invalid, NotFound


class UnknownTemplate(Invalid):
    """There is no such template."""


class TemplateOfAnother(Conflict):
    """The template was written for another rule."""


class WordsTooLong(Invalid):
    """Template and message together are longer than guidance may be."""


MOST = 10_000


def words(session: Session, finding: Finding, body: GuidanceIn) -> tuple[str, str | None]:
    """Return message and better wording of guidance: the template's words, then the coach's own; theirs go before."""
    if body.template is None:
        return body.message or "", body.better_wording
    template = session.get(GuidanceTemplate, body.template)
    if template is None:
        raise UnknownTemplate(f"There is no template {body.template}.")
    if (template.policy, template.rule) != (finding.policy, finding.rule):
        raise TemplateOfAnother(f"It is for the rule {template.rule} of {template.policy}.")
    message = f"{template.message}\n\n{body.message}" if body.message else template.message
    if len(message) > MOST:
        raise WordsTooLong
    return message, body.better_wording or template.better_wording


def create(session: Session, body: TemplateIn) -> TemplateOut:
    """Keep a new template; any number for a rule and language, since there is more than one kind way to say it."""
    template = GuidanceTemplate(id=new_id(), changed_at=session.now, **body.model_dump())
    session.add(template)
    session.flush()
    record(session, "guidance_template.create", f"guidance-template/{template.id}", digest_of(body))
    return TemplateOut.model_validate(template)


def replace(session: Session, template_id: str, body: TemplateIn, stated: int | None) -> TemplateOut:
    """Put other words in the place of a template's; guidance that was given keeps its own. Raises NotFound or Stale."""
    template = load(session, template_id)
    expect(template.revision, stated)
    template.sqlmodel_update(body.model_dump())
    template.changed_at = session.now
    template.revision += 1
    session.flush()
    record(session, "guidance_template.change", f"guidance-template/{template.id}", digest_of(body))
    return TemplateOut.model_validate(template)


def remove(session: Session, template_id: str, stated: int | None) -> None:
    """Take a template away; raises NotFound or Stale."""
    template = load(session, template_id)
    expect(template.revision, stated)
    session.delete(template)
    record(session, "guidance_template.remove", f"guidance-template/{template_id}")


def load(session: Session, template_id: str) -> GuidanceTemplate:
    """Return a template, locked for change; raises NotFound."""
    template: GuidanceTemplate | None = session.execute(
        select(GuidanceTemplate).where(col(GuidanceTemplate.id) == template_id).with_for_update()
    ).scalar()
    if template is None:
        raise NotFound(f"There is no template {template_id}.")
    return template


def read(session: Session, template_id: str) -> TemplateOut:
    """Return a template; raises NotFound."""
    template = session.get(GuidanceTemplate, template_id)
    if template is None:
        raise NotFound(f"There is no template {template_id}.")
    return TemplateOut.model_validate(template)


def listed(
    session: Session, paging: PageQuery, policy: str | None, rule: str | None, language: str | None
) -> Page[TemplateOut]:
    """List templates, the oldest first."""
    statement = select(GuidanceTemplate)
    for column, value in (
        (GuidanceTemplate.policy, policy),
        (GuidanceTemplate.rule, rule),
        (GuidanceTemplate.language, language),
    ):
        if value is not None:
            statement = statement.where(col(column) == value)
    return page(session, statement, paging, key=GuidanceTemplate.id, to=TemplateOut.model_validate)
