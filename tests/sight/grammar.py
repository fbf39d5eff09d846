"""Texts that a grammar makes: HTML of every kind that shows or hides words, nested, misused, half broken."""

from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

_SYLLABLES: Final = [
    "ba",
    "ce",
    "di",
    "fo",
    "gu",
    "ha",
    "je",
    "ki",
    "lo",
    "mu",
    "na",
    "pe",
    "ri",
    "so",
    "tu",
    "va",
    "we",
    "xi",
    "zo",
]


class Mail(NamedTuple):
    """A mail: what it is, its text, and whether an adversary, a person or the grammar wrote it."""

    name: str
    text: str
    kind: str


class Words:
    """Makes words that nobody has used before in the same text."""

    def __init__(self, chance: Random) -> None:
        self._chance, self._count = chance, 0

    def some(self, least: int = 1, most: int = 4) -> str:
        """Return a few new words."""
        return " ".join(self.one() for _ in range(self._chance.randint(least, most)))

    def one(self) -> str:
        """Return a new word."""
        self._count += 1
        number, word = self._count + 400, ""
        while number:
            number, digit = divmod(number, len(_SYLLABLES))
            word += _SYLLABLES[digit]
        return word


def lines(name: str) -> tuple[str, ...]:
    """Return the lines of a file here, in which two signs stand for a line break and a tab."""
    written = (Path(__file__).parent / name).read_text(encoding="utf-8").splitlines()
    return tuple(each.replace("\u23ce", "\n").replace("\u21e5", "\t") for each in written)


STYLES, ATTRIBUTES, TAGS, RULES, BROKEN = (
    lines(f"parts/{each}.lines") for each in ("styles", "attributes", "tags", "rules", "broken")
)


def text(seed: int) -> str:
    """Return the text of a seed."""
    chance = Random(seed)
    words = Words(chance)
    head = ""
    if chance.random() < 0.5:
        rules = [_rule(chance) for _ in range(chance.randint(1, 4))]
        head = f"<style>{''.join(rules)}</style>"
    if chance.random() < 0.2:
        head = "<!DOCTYPE html>" + head
    return head + "".join(_node(chance, words, 3) for _ in range(chance.randint(1, 4))) + f"<p>{words.one()}</p>"


def mails(seeds: Iterable[int]) -> list[Mail]:
    """Return the texts of the seeds as mails."""
    return [Mail(f"seed {seed}", text(seed), "generated") for seed in seeds]


def _rule(chance: Random) -> str:
    style = chance.choice(STYLES)
    return chance.choice(RULES).replace("%s", style.replace("&quot;", '"'))


def _node(chance: Random, words: Words, depth: int) -> str:
    kind = chance.random()
    if depth == 0 or kind < 0.2:
        return words.some()
    if kind < 0.3:
        return chance.choice(BROKEN).format(words.some(), words.some())
    inside = "".join(_node(chance, words, depth - 1) for _ in range(chance.randint(1, 3)))
    if kind < 0.4:
        cells = "".join(f"<td{_attributes(chance)}>{_node(chance, words, depth - 1)}</td>" for _ in range(2))
        return f"<table{_attributes(chance)}><tr{_attributes(chance)}>{cells}</tr></table>"
    tag = chance.choice(TAGS)
    return f"<{tag}{_attributes(chance)}>{inside}" + ("" if chance.random() < 0.06 else f"</{tag}>")


def _attributes(chance: Random) -> str:
    kept = [chance.choice(ATTRIBUTES) for _ in range(chance.choice((0, 0, 1, 2)))]
    if chance.random() < 0.45:
        styles = [chance.choice(STYLES) for _ in range(chance.choice((1, 1, 1, 2)))]
        kept.append('style="' + ";".join(styles).replace('"', "&quot;") + '"')
    return "".join(f" {each}" for each in kept)
