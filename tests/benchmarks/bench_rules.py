"""The rule engine against a loop of `re` and against `re2.Set`, which only says which rules match, not where.

Run it with `python -m tests.benchmarks.bench_rules`. All read the same posts through the same normaliser. `re2.Set`
builds its automaton from the texts it meets, so two conditions are measured: *new posts*, as in life, where one half of
the posts warms up and the other half, read once, is timed; and *known posts*, the best case for `re2.Set`, where it is
timed on posts that it has read before.
"""

import gc
import json
import os
import random
import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import re2

from shared.rules import Draft, PlacedRule, Rule, RuleSet
from shared.rules.folding import fold
from tests.benchmarks.table import Row, print_table
from tests.shared.rules.oracle import matches as oracle_matches

SIZES = {100: "≥ 0.5", 1_000: "≥ 1", 10_000: "≥ 1"}
ROUNDS = 9
SAMPLE = 60


def posts(rng: random.Random) -> list[str]:
    """Take real posts where they are to be had, made-up ones elsewhere."""
    path = Path(os.environ.get("POSTS") or "../shared/data/posts.jsonl")
    if path.exists():
        return [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
    words = [_made_up_word(rng) for _ in range(8_000)]
    return [" ".join(rng.choice(words) for _ in range(rng.randint(5, 30))) for _ in range(5_000)]


def rules(rng: random.Random, texts: Sequence[str], count: int) -> list[PlacedRule]:
    """Make rules as policies have them: mostly words and phrases, some patterns, some with exceptions.

    A policy speaks of code names, products and claims: however many rules, some hundred of their words are ones
    that the posts use, so that about one post in ten matches.
    """
    known = sorted({word for text in texts for word in re.findall(r"\w{5,}", fold(text))})
    unknown = [_made_up_word(rng) for _ in range(20_000)]
    phrases = sorted(
        {
            " ".join(pair)
            for text in texts
            for pair in pairwise(re.findall(r"\w+", fold(text)))
            if min(map(len, pair)) > 4
        }
    )
    return [
        PlacedRule(
            Rule.model_validate({"id": f"rule-{number}", "severity": "hold", "message": "m", "detect": detect}),
            policy="benchmark",
            version=1,
            section="all",
        )
        for number in range(count)
        for detect in [_detect(rng, number, known if rng.random() < 100 / count else unknown, phrases)]
    ]


def _detect(rng: random.Random, number: int, vocabulary: Sequence[str], phrases: Sequence[str]) -> dict[str, object]:
    words = [rng.choice(vocabulary) for _ in range(rng.randint(1, 4))]
    match number % 10:
        case 6 | 7:
            return {"words": [rng.choice(phrases)]}
        case 8:
            return {"pattern": rf"(?i)\b{words[0]}\s+\w*\d+"}
        case 9:
            return {"all": [{"words": words}, {"not": {"words": [rng.choice(vocabulary)]}}]}
        case _:
            return {"words": words}


def _made_up_word(rng: random.Random) -> str:
    return "".join(rng.choice("bdfgklmnprstvz") + rng.choice("aeiou") for _ in range(rng.randint(3, 5)))


def _expression(placed: PlacedRule) -> str:
    """The rule as one regular expression over the folded text; exceptions left out, in favour of the others."""
    detect = placed.rule.detect.model_dump()
    words = detect.get("words") or (detect["all"][0]["words"] if "all" in detect else None)
    return "|".join(re2.escape(fold(word)) for word in words) if words else detect["pattern"].removeprefix("(?i)")


def _loop_of_re(placed: Sequence[PlacedRule]) -> Callable[[Draft], object]:
    compiled = [re.compile(rf"(?<!\w)(?:{_expression(rule)})(?!\w)") for rule in placed]

    def run(draft: Draft) -> object:
        text = fold(draft.text)
        return [number for number, pattern in enumerate(compiled) if pattern.search(text)]

    return run


def _set_of_re2(placed: Sequence[PlacedRule]) -> Callable[[Draft], object]:
    """All rules in one set, with memory in plenty: with the default of 8 MB it does not take 10,000 rules."""
    options = re2.Options()
    options.max_mem = 1 << 29
    together = re2.Set.SearchSet(options)
    for rule in placed:
        together.Add(_expression(rule))
    together.Compile()
    return lambda draft: together.Match(fold(draft.text))


def _on_new_posts(make: Callable[[], Callable[[Draft], object]], drafts: Sequence[Draft], rounds: int) -> float:
    """Processor time (others share the machine) of the best round, each with everything made anew."""
    times = []
    for _ in range(rounds):
        run = make()
        for draft in drafts[::2]:
            run(draft)
        times.append(_took(lambda run=run: [run(draft) for draft in drafts[1::2]]) / len(drafts[1::2]))  # type: ignore[misc]
    return min(times)


def _on_known_posts(runs: Sequence[Callable[[], object]]) -> list[float]:
    """Processor time of the best round of each; every one reads the posts again right before it is timed."""
    times: list[list[float]] = []
    for _ in range(ROUNDS):
        times.append([])
        for run in runs:
            run()
            times[-1].append(_took(run))
    return [min(round_[number] for round_ in times) for number in range(len(runs))]


def _compare(count: int, goal: str, drafts: Sequence[Draft], placed: Sequence[PlacedRule]) -> list[Row]:
    ruleset = RuleSet.compile(placed)
    some = drafts[:: max(1, count // 2_500)]
    ours = _on_new_posts(lambda: RuleSet.compile(placed).run, some, min(ROUNDS, max(2, 10_000 // count)))
    in_set = _on_new_posts(lambda: _set_of_re2(placed), some, max(1, 3_000 // count))
    in_loop = _on_new_posts(lambda: _loop_of_re(placed), some[:: max(1, count // 10)], 1)
    set_ = _set_of_re2(placed)
    single, together, known = _on_known_posts(
        [
            lambda: [ruleset.run(draft) for draft in drafts],
            lambda: ruleset.run_all(drafts),
            lambda: [set_(draft) for draft in drafts],
        ]
    )
    matched = sum(map(len, ruleset.run_all(drafts))) / len(drafts)
    what = f"rule engine, {count:,} rules"
    return [
        Row(f"{what}, new posts", in_set / ours, "re2.Set", goal, f"{1 / ours:,.0f} posts/s"),
        Row(f"{what}, new posts", in_loop / ours, "loop of re", "-"),
        Row(f"{what}, known posts", known / single, "re2.Set", goal, f"{matched:.2f} matches a post"),
        Row(
            f"{what}, known posts in batches",
            known / together,
            "re2.Set",
            goal,
            f"{len(drafts) / together:,.0f} posts/s",
        ),
        Row(f"{what}: mismatches", _mismatches(ruleset, placed, some), "slow oracle, sample", "0"),
    ]


def _mismatches(ruleset: RuleSet, placed: Sequence[PlacedRule], drafts: Sequence[Draft]) -> int:
    sample = drafts[:: max(1, len(drafts) // max(2, SAMPLE * 100 // len(placed)))]
    return sum(
        [(match.rule.rule.id, match.span) for match in ruleset.run(draft)] != oracle_matches(placed, draft)
        for draft in sample
    )


def _reload(placed: Sequence[PlacedRule]) -> Row:
    """The time to compile 1,000 rules, as a part of the 100 ms that it may take."""
    best = min(_took(partial(RuleSet.compile, placed)) for _ in range(ROUNDS))
    return Row("rule engine, compile 1,000 rules", best / 0.1, "100 ms", "< 1", f"{best * 1000:.0f} ms")


def _took(action: Callable[[], object]) -> float:
    begin = time.process_time()
    action()
    return time.process_time() - begin


def run() -> list[Row]:
    """Measure everything; takes about a minute."""
    rng = random.Random(7)
    texts = posts(rng)
    gc.freeze()
    drafts = [Draft(text) for text in texts]
    rows: list[Row] = []
    for count, goal in SIZES.items():
        placed = rules(rng, texts, count)
        rows += _compare(count, goal, drafts, placed)
        if count == 1_000:
            rows.append(_reload(placed))
    return rows


if __name__ == "__main__":
    print_table(run())
