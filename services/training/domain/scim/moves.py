"""Who comes into a group and who leaves it, by a PATCH that says nothing else: without reading everyone in it.

Providers change a group of everyone one member at a time; to read and compare ten thousand for each would hold up all
other writes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scim2_models import PatchOp, PatchOperation
from scim2_models.path import CompareOperator, Comparison, ValuePath

MEMBERS = "members"


@dataclass(frozen=True, slots=True)
class Move:
    """People who come into a group, or leave it."""

    come: bool
    people: frozenset[str]


def moves_of(patch_op: "PatchOp[Any]") -> list[Move] | None:
    """Return what a PATCH does to the members of a group, in order; None where it does, or may do, anything else."""
    found: list[Move] = []
    for operation in patch_op.operations or []:
        move = come_of(operation) if operation.op == PatchOperation.Op.add else leave_of(operation)
        if move is None:
            return None
        found.append(move)
    return found


def come_of(operation: PatchOperation[Any]) -> Move | None:
    """Read `add`, with the path `members` or with a value that names nothing else."""
    value = operation.value
    if operation.path is None and isinstance(value, dict) and [name.lower() for name in value] == [MEMBERS]:
        [value] = value.values()
    elif str(operation.path).lower() != MEMBERS:
        return None
    return move_of(value, come=True)


def leave_of(operation: PatchOperation[Any]) -> Move | None:
    """Read `remove` of `members[value eq "..."]`, or of `members` with a list of values."""
    if operation.op != PatchOperation.Op.remove or operation.path is None:
        return None
    node = operation.path.ast
    if str(operation.path).lower() == MEMBERS and operation.value is not None:
        return move_of(operation.value, come=False)
    if not isinstance(node, ValuePath) or node.sub_attr or node.attr_path.attr.lower() != MEMBERS:
        return None
    match node.val_filter:
        case Comparison(attr_path, CompareOperator.eq, str(person)) if str(attr_path).lower() == "value":
            return Move(come=False, people=frozenset({person}))
        case _:
            return None


def move_of(value: Any, *, come: bool) -> Move | None:
    """Read one member or several; None where one has no id."""
    entries: Sequence[Any] = value if isinstance(value, list) else [value]
    ids = [entry.get("value") if isinstance(entry, dict) else None for entry in entries]
    people = frozenset(each for each in ids if isinstance(each, str))
    return Move(come, people) if all(isinstance(each, str) for each in ids) else None
