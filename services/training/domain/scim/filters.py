"""SCIM filters as SQL (RFC 7644, section 3.4.2.2), as far as it can say them.

What SQL cannot say, or not by an index, becomes a condition that holds for at least the right rows; the rest is done by
the library's own evaluation over those rows, which are few or are refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import (
    AttributeBinding,
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)
from sqlalchemy import ColumnElement, and_, false, func, or_, true

Condition = Callable[[CompareOperator, Any], "Selection"]
"""How one attribute is compared."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A condition; one that is not `exact` holds for more rows than the filter does."""

    where: ColumnElement[bool]
    exact: bool


LIKE = {CompareOperator.co: ("%", "%"), CompareOperator.sw: ("", "%"), CompareOperator.ew: ("%", "")}
EVERYTHING = Selection(true(), exact=False)
NOTHING = Selection(false(), exact=True)


def text(column: Any, *, folded: bool = True, exact: bool = True) -> Condition:
    """Compare a text column, without regard to case where `folded`."""

    def compare(op: CompareOperator, value: Any) -> Selection:
        if not isinstance(value, str) or not value:
            return EVERYTHING
        if op is CompareOperator.eq:
            return Selection(func.lower(column) == func.lower(value) if folded else column == value, exact)
        if op in LIKE:
            # SQLite's LIKE takes no notice of case where one asks it to.
            return Selection(like(column, op, value), exact and folded)
        return EVERYTHING

    return compare


def like(column: Any, op: CompareOperator, value: str) -> ColumnElement[bool]:
    """Return the LIKE of an operator without regard to case, with the value's own wildcards taken literally."""
    escaped = value.replace("/", "//").replace("%", "/%").replace("_", "/_")
    before, after = LIKE[op]
    return func.lower(column).like(func.lower(f"{before}{escaped}{after}"), escape="/")


def moment(column: Any) -> Condition:
    """Compare a time."""

    def compare(op: CompareOperator, value: Any) -> Selection:
        if not isinstance(value, datetime) or value.tzinfo is None:
            return EVERYTHING
        operators: dict[CompareOperator, ColumnElement[bool]] = {
            CompareOperator.eq: column == value,
            CompareOperator.ne: column != value,
            CompareOperator.gt: column > value,
            CompareOperator.ge: column >= value,
            CompareOperator.lt: column < value,
            CompareOperator.le: column <= value,
        }
        return Selection(operators[op], exact=True) if op in operators else EVERYTHING

    return compare


def flag(column: Any) -> Condition:
    """Compare a truth."""

    def compare(op: CompareOperator, value: Any) -> Selection:
        if not isinstance(value, bool) or op not in {CompareOperator.eq, CompareOperator.ne}:
            return EVERYTHING
        return Selection(column.is_(value if op is CompareOperator.eq else not value), exact=True)

    return compare


def within(condition: Condition, rows: Callable[[ColumnElement[bool]], ColumnElement[bool]]) -> Condition:
    """Compare in another table; `rows` makes the condition on ours of that on the other."""

    def compare(op: CompareOperator, value: Any) -> Selection:
        inner = condition(op, value)
        return inner if inner is EVERYTHING else Selection(rows(inner.where), inner.exact)

    return compare


class Translator(FilterVisitor[Selection]):
    """Turns the filter of one kind of resource into a condition; attributes are named as in `userName`, `emails.value`."""

    def __init__(self, scim_filter: ScimFilter[Any], conditions: Mapping[str, Condition]) -> None:
        self._filter = scim_filter
        self._conditions = conditions

    def visit_comparison(self, node: Comparison) -> Selection:
        """Compare an attribute; one that this kind of resource does not have is never equal to anything."""
        binding = self._filter.resolve_comparison(node.attr_path, strict=False)
        return self._compare(binding, node)

    def _compare(self, binding: AttributeBinding | None, node: Comparison) -> Selection:
        if binding is None:
            return NOTHING
        if isinstance(node.value, str) and "\x00" in node.value:
            raise InvalidFilterException(detail="A filter cannot hold a NUL character.")
        condition = self._conditions.get(name_of(binding))
        return condition(node.op, value_of(binding, node)) if condition else EVERYTHING

    def visit_present(self, node: Present) -> Selection:
        """Leave it to the evaluation, but for attributes that this kind of resource does not have."""
        return NOTHING if self._filter.resolve(node.attr_path, strict=False) is None else EVERYTHING

    def visit_value_path(self, node: ValuePath) -> Selection:
        """Take from `emails[value eq "x"]` what it says of single attributes of one entry."""
        inner = node.val_filter
        terms = inner.terms if isinstance(inner, LogicalExpr) and inner.op is LogicalOperator.and_ else (inner,)
        found = [
            self.visit_comparison(Comparison(AttrPath(node.attr_path.attr, term.attr_path.attr), term.op, term.value))
            for term in terms
            if isinstance(term, Comparison)
        ]
        return Selection(and_(true(), *(each.where for each in found)), exact=False)

    def visit_logical_expr(self, node: LogicalExpr) -> Selection:
        """Join what the terms say."""
        found = [self.visit(term) for term in node.terms]
        join = and_ if node.op is LogicalOperator.and_ else or_
        return Selection(join(*(each.where for each in found)), all(each.exact for each in found))

    def visit_not(self, node: Not) -> Selection:
        """Leave it to the evaluation: rows without a value are a matter of their own."""
        self.visit(node.expr)
        return EVERYTHING


def select_by(scim_filter: ScimFilter[Any] | None, conditions: Mapping[str, Condition]) -> Selection:
    """Return the condition of a filter that is bound to one model; raises InvalidFilterException."""
    if scim_filter is None:
        return Selection(true(), exact=True)
    node: FilterNode = scim_filter.ast
    return Translator(scim_filter, conditions).visit(node)


def name_of(binding: AttributeBinding) -> str:
    """Return by which name `conditions` know an attribute: its Python names."""
    return f"{binding.field_name}.{binding.sub_field_name}" if binding.sub_field_name else binding.field_name


def value_of(binding: AttributeBinding, node: Comparison) -> Any:
    """Return what an attribute is compared with; a time is read from its text."""
    if binding.target_type is datetime and isinstance(node.value, str):
        try:
            return datetime.fromisoformat(node.value)
        except ValueError:
            return node.value
    return node.value
