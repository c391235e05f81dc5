"""A source as it would be read, while somebody still writes it."""

from datetime import date

from services.policy.domain import lint, sources
from services.policy.schemas.lint import LintFinding
from services.policy.schemas.previews import PlacedFinding, PlacedSection, PreviewOut


def preview(source: str, day: date) -> PreviewOut:
    """Return what a source says, and what the linter says of it on a day, everywhere; raises InvalidSource."""
    content = sources.parse(source)
    judged = lint.judge(content, None, day)
    lines = source.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    _, blocks, _, _ = sources.outline(source, sources.Remarks())
    starts = {block.id: block.line for block in blocks}
    texts = {section.id: section.markdown for section in content.sections}
    return PreviewOut(
        content=content,
        places=[PlacedSection(section=section, line=line) for section, line in starts.items()],
        readability=judged.grade,
        findings=[
            PlacedFinding(line=line_of(finding, starts, texts, lines), finding=finding)
            for finding in judged.findings[: lint.MOST]
        ],
    )


def line_of(finding: LintFinding, starts: dict[str, int], texts: dict[str, str], lines: list[str]) -> int | None:
    """Return the line a finding is about; rule blocks stand in the source and not in a section's text."""
    if finding.policy_rule is not None:
        said = f"id: {finding.policy_rule}"
        return next((number for number, line in enumerate(lines, 1) if line.strip() == said), None)
    if finding.section is None or finding.section not in starts:
        return None
    start = starts[finding.section]
    if finding.span is None:
        return start
    text = texts[finding.section]
    said = text[text.rfind("\n", 0, finding.span.start) + 1 :].split("\n", 1)[0]
    return next((number for number, line in enumerate(lines[start - 1 :], start) if line == said), start)
