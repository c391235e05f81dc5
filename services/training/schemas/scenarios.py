"""Scenarios: a conversation with a customer that branches with each reply, as a graph that surely ends."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from services.training.schemas.pacing import ModuleBase
from shared.schemas import Body, Line, Paragraph, Slug, Text

LARGEST = 200


class Reply(Body):
    """A reply that the learner may choose: what comes of it, and what can be learnt from it."""

    key: Slug
    text: Paragraph
    feedback: Paragraph | None = None
    score: Annotated[int, Field(ge=0, le=100)] = 0
    next: Slug


class Node(Body):
    """A post by a customer with the replies to choose from, or an ending with what it teaches."""

    key: Slug
    author: Line | None = None
    """Who writes the post, for example `@mira`."""
    post: Paragraph
    replies: Annotated[list[Reply], Field(max_length=8)] = Field(default=[])
    ending: Literal["good", "poor"] | None = None

    @model_validator(mode="after")
    def check_way_on(self) -> Self:
        """Refuse a node at which a learner would be stuck, and one that is an end and goes on."""
        if self.ending is None and len(self.replies) < 2:
            raise ValueError("offers no choice: give at least two replies, or say which `ending` it is")
        if self.ending is not None and self.replies:
            raise ValueError("is an ending, so it has no replies")
        if len({reply.key for reply in self.replies}) < len(self.replies):
            raise ValueError("two replies share a key")
        return self


class Scenario(ModuleBase):
    """A branching conversation, passed by a good ending with a score of at least `pass_mark` of what could be reached.

    Every node can be reached from `start`, and every way through leads to an ending: there are no circles.
    """

    kind: Literal["scenario"]
    markdown: Annotated[Text, Field(max_length=10_000)] = ""
    """What the learner knows before it begins."""
    start: Slug
    pass_mark: Annotated[float, Field(ge=0, le=1)] = 0.0
    nodes: Annotated[list[Node], Field(min_length=3, max_length=LARGEST)]

    @model_validator(mode="after")
    def check_graph(self) -> Self:
        """Refuse a conversation in which a learner would get lost; all that is wrong with it is told at once."""
        wrong = list(faults(self.start, self.nodes))
        if wrong:
            raise PydanticCustomError("scenario", "{faults}", {"faults": "; ".join(wrong[:20])})
        return self

    @property
    def by_key(self) -> dict[str, Node]:
        """The nodes by their keys."""
        return {node.key: node for node in self.nodes}


def faults(start: str, nodes: list[Node]) -> Iterator[str]:
    """Yield what is wrong with a graph: ends that are missing, nodes that nothing leads to, circles."""
    known = {node.key: node for node in nodes}
    if len(known) < len(nodes):
        yield "two nodes share a key"
    if start not in known:
        yield f"it starts at {start}, which is no node"
    missing = [(node.key, reply) for node in nodes for reply in node.replies if reply.next not in known]
    yield from (f"the reply {reply.key} of {node} leads to {reply.next}, which is no node" for node, reply in missing)
    if missing or start not in known:
        return
    reached = reachable(start, known)
    yield from (f"nothing leads to {key}" for key in known if key not in reached)
    circle = circle_from(start, known)
    if circle:
        yield f"it can go in a circle and never end: {' > '.join(circle)}"
    if not any(known[key].ending == "good" for key in reached):
        yield "no way through comes to a good ending"


def reachable(start: str, nodes: dict[str, Node]) -> set[str]:
    """Return the nodes to which some way leads."""
    reached, waiting = {start}, [start]
    while waiting:
        for reply in nodes[waiting.pop()].replies:
            if reply.next not in reached:
                reached.add(reply.next)
                waiting.append(reply.next)
    return reached


def circle_from(start: str, nodes: dict[str, Node]) -> list[str]:
    """Return a way that comes back to where it was, or nothing; walks without recursion."""
    path: list[str] = [start]
    ways = [iter(nodes[start].replies)]
    finished: set[str] = set()
    while ways:
        reply = next(ways[-1], None)
        if reply is None:
            finished.add(path.pop())
            ways.pop()
        elif reply.next in path:
            return [*path[path.index(reply.next) :], reply.next]
        elif reply.next not in finished:
            path.append(reply.next)
            ways.append(iter(nodes[reply.next].replies))
    return []


def best_score(scenario: Scenario) -> int:
    """Return the highest score that a way through can reach."""
    nodes = scenario.by_key
    best: dict[str, int] = {}
    waiting = [scenario.start]
    while waiting:
        node = nodes[waiting[-1]]
        ahead = [reply.next for reply in node.replies if reply.next not in best]
        if ahead:
            waiting += ahead
        else:
            best[node.key] = max((reply.score + best[reply.next] for reply in node.replies), default=0)
            waiting.pop()
    return best[scenario.start]
