"""The rules of a mail's style sheets, and what they and its own style give an element."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import tinycss2
from cssselect2 import SelectorError, parser

from case_tools.untrusted.budget import Budget
from case_tools.untrusted.properties import EFFECTS, INHERITED, OK, expand
from case_tools.untrusted.selectors import Matcher, Undecidable
from case_tools.untrusted.tree import Element, TooCostly
from case_tools.untrusted.values import INVALID, UNKNOWN, Token, Value

_NARROWEST, _WIDEST = 790, 1_930
"""Windows of people at a desk, in pixels: a question about the width is decided where all of them agree."""

_HARMLESS: Final = frozenset(
    {"white-space", "text-shadow", "float", "font-family", "min-height", "min-width", "padding", "direction"}
)
_MOST_RULES: Final = 600
_OF_WORDS: Final = frozenset({"first-line", "first-letter"})
"""Pseudo-elements that hold a part of the element's own words."""
Weight = tuple[bool, bool, tuple[int, int, int], int]


@dataclass(frozen=True, slots=True)
class Declared:
    """One property as a declaration sets it."""

    weight: Weight
    name: str
    value: Value
    doubtful: bool


@dataclass(slots=True)
class _Rule:
    matcher: Matcher
    specificity: tuple[int, int, int]
    order: int
    doubtful: bool
    declared: list[tuple[str, Value, bool]]


@dataclass(slots=True)
class Computed:
    """The properties of one element.

    Attributes:
        values: those that are decided.
        doubts: those that a rule may set otherwise, or sets to something that is not known here.
    """

    values: dict[str, Value] = field(default_factory=dict)
    doubts: set[str] = field(default_factory=set)


class StyleSheet:
    """The rules of all style sheets of a mail, by what their last part asks for."""

    def __init__(self, sources: Iterable[str], budget: Budget, *, quirks: bool) -> None:
        self._quirks = quirks
        self._budget = budget
        self._rules: dict[tuple[str, str], list[_Rule]] = {}
        self._order = 0
        self.everything_doubtful = False
        self.own_fonts: set[str] = set()
        for source in sources:
            rules = tinycss2.parse_stylesheet(source, skip_comments=True, skip_whitespace=True)
            self._add(rules, doubtful=False)

    def _add(self, rules: Iterable[Token], *, doubtful: bool) -> None:
        for rule in rules:
            self._order += 1
            if self._order > _MOST_RULES:
                raise TooCostly
            if rule.type == "qualified-rule":
                self._add_rule(rule, doubtful=doubtful)
            elif rule.type == "at-rule":
                self._add_at_rule(rule, doubtful=doubtful)

    def _add_at_rule(self, rule: Token, *, doubtful: bool) -> None:
        name = rule.lower_at_keyword
        if name == "import":
            self.everything_doubtful |= "data:" in tinycss2.serialize(rule.prelude).casefold()
        elif name == "font-face":
            embedded = "data:" in tinycss2.serialize(rule.content or []).casefold()
            for each in tinycss2.parse_blocks_contents(rule.content or []):
                if embedded and each.type == "declaration" and each.lower_name == "font-family":
                    self.own_fonts.add(tinycss2.serialize(each.value).strip().strip("\"'").casefold())
        elif rule.content is not None and name in {"media", "supports", "layer", "container", "scope"}:
            met = media(tinycss2.serialize(rule.prelude)) if name == "media" else None
            if met is not False:
                inside = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
                self._add(inside, doubtful=doubtful or met is None)

    def _add_rule(self, rule: Token, *, doubtful: bool) -> None:
        content = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
        declared = [
            (name, value, each.important)
            for each in content
            if each.type == "declaration"
            for name, value in expand(each.lower_name, each.value)
        ]
        nested = [each for each in content if each.type in {"qualified-rule", "at-rule"}]
        if any("{" in tinycss2.serialize([each]) for each in nested):
            self.everything_doubtful |= _touches_sight(tinycss2.serialize(rule.content))
        if not declared:
            return
        try:
            selectors = [*parser.parse(rule.prelude)]
        except SelectorError:
            # A browser may know the selector, and then nobody here can tell whom it means.
            text = tinycss2.serialize(rule.prelude)
            if ":" in text and not re.search(
                r"::?-(?:moz|ms|o)-|:(?:-webkit-)[a-z-]*(?:scroll|search|input)", text
            ):
                self.everything_doubtful |= _touches_sight(tinycss2.serialize(rule.content))
            return
        for selector in selectors:
            if selector.pseudo_element not in {None, *_OF_WORDS}:
                continue
            doubt = doubtful or selector.pseudo_element is not None
            kept = _Rule(
                Matcher(selector, quirks=self._quirks), selector.specificity, self._order, doubt, declared
            )
            self._rules.setdefault(_asked_for(selector), []).append(kept)

    def declared(self, element: Element) -> Iterator[Declared]:
        """Yield what the rules declare for an element."""
        keys = [("", ""), ("tag", element.tag), ("id", element.attributes.get("id", "").casefold())]
        keys += [("class", each) for each in {*element.attributes.get("class", "").casefold().split()}]
        for rule in (each for key in keys for each in self._rules.get(key, ())):
            matcher = rule.matcher
            before = matcher.questions
            doubtful = rule.doubtful
            try:
                if not matcher.matches(element):
                    continue
            except Undecidable:
                doubtful = True
            finally:
                if not self._budget.spend(comparisons=matcher.questions - before):
                    raise TooCostly
            for name, value, important in rule.declared:
                yield Declared((important, False, rule.specificity, rule.order), name, value, doubtful)


def _asked_for(selector: parser.Selector) -> tuple[str, str]:
    last = selector.parsed_tree
    last = last.right if isinstance(last, parser.CombinedSelector) else last
    for simple in last.simple_selectors:
        if isinstance(simple, parser.IDSelector):
            return "id", simple.ident.casefold()
        if isinstance(simple, parser.ClassSelector):
            return "class", simple.class_name.casefold()
        if isinstance(simple, parser.LocalNameSelector):
            return "tag", simple.lower_local_name
    return "", ""


def _touches_sight(text: str) -> bool:
    return (
        any(
            expand(each.lower_name, each.value)
            for each in tinycss2.parse_blocks_contents(text, skip_comments=True)
            if each.type == "declaration"
        )
        or "{" in text
    )


def own_style(style: str) -> Iterator[Declared]:
    """Yield what the `style` attribute declares."""
    for order, each in enumerate(tinycss2.parse_blocks_contents(style, skip_comments=True)):
        if each.type == "declaration":
            for name, value in expand(each.lower_name, each.value):
                yield Declared((each.important, True, (0, 0, 0), order), name, value, doubtful=False)


def compute(
    declared: Iterable[Declared],
    base: Mapping[str, Value],
    hints: Mapping[str, Value],
    parent: Mapping[str, Value],
) -> Computed:
    """Return what holds of all that is declared: by the browser itself, by old attributes, and by styles."""
    computed = Computed({**base, **hints})
    for each in sorted(declared, key=lambda one: one.weight):
        name, value = each.name, each.value
        if value == INVALID:
            continue
        if name == "all":
            _reset(computed, value, base)
            continue
        if isinstance(value, tuple) and value[0] == "keyword":
            value = _of_keyword(name, value[1], base, parent)
        if each.doubtful:
            if not (_is_innocent(name, value) and _is_innocent(name, computed.values.get(name))):
                computed.doubts.add(name)
        elif value == UNKNOWN and name not in EFFECTS:
            computed.doubts.add(name)
            computed.values.pop(name, None)
        else:
            computed.doubts.discard(name)
            if value is None:
                computed.values.pop(name, None)
            else:
                computed.values[name] = value
    return computed


def _is_innocent(name: str, value: Value) -> bool:
    """Tell whether a value surely shows the words, so that it makes no difference whether it holds."""
    if value is None or name in _HARMLESS:
        return True
    if name in EFFECTS:
        return bool(value == OK)
    return bool(
        {
            "display": value not in {"none", "table-column", "table-column-group", UNKNOWN},
            "visibility": value == "visible",
            "opacity": isinstance(value, float) and value >= 0.5,  # noqa: PLR2004
            "font-size": isinstance(value, float) and value >= 8,  # noqa: PLR2004
            "position": value == "static",
            "overflow": value == "visible",
        }.get(name, False)
    )


def _reset(computed: Computed, how: str, base: Mapping[str, Value]) -> None:
    if how in {"initial", "unset", "revert", "revert-layer"}:
        computed.values.clear()
        computed.doubts.clear()
        computed.values |= base if how.startswith("revert") else {"display": "inline"}
        if how == "initial":
            computed.values |= {
                "visibility": "visible",
                "font-size": 16.0,
                "color": (0.0, 0.0, 0.0, 1.0),
                "fill": "currentcolor",
            }
    elif how == "inherit":
        computed.doubts.add("display")


def _of_keyword(name: str, word: str, base: Mapping[str, Value], parent: Mapping[str, Value]) -> Value | None:
    if word in {"revert", "revert-layer"}:
        return base.get(name)
    if word == "inherit" or (word == "unset" and name in INHERITED):
        return None if name in INHERITED else parent.get(name)
    initial: dict[str, Value] = {
        "display": "inline", "visibility": "visible", "font-size": 16.0, "color": (0.0, 0.0, 0.0, 1.0),
        "fill": "currentcolor",
    }  # fmt: skip
    return initial.get(name, OK if name in EFFECTS else None)


def media(query: str) -> bool | None:
    """Tell whether a desk's screen meets a media query: light colours, a window of any usual width."""
    answers = [_one_query(each.strip().casefold()) for each in query.split(",")]
    return True if True in answers else None if None in answers else False


def _one_query(query: str) -> bool | None:
    if not query:
        return True
    negated = query.startswith("not ")
    parts = [each.strip() for each in re.split(r"\sand\s", re.sub(r"^(?:not|only)\s+", "", query))]
    answers = [_condition(each) for each in parts]
    met = False if False in answers else None if None in answers else True
    return met if not negated or met is None else not met


def _condition(text: str) -> bool | None:
    if text in {"screen", "all"}:
        return True
    if re.fullmatch(r"[a-z-]+", text):
        return False
    if scheme := re.fullmatch(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", text):
        return scheme[1] == "light"
    width = re.fullmatch(r"\(\s*(min|max)-(?:device-)?width\s*:\s*([\d.]+)(px|em|rem)?\s*\)", text)
    if width is None:
        return None
    pixels = float(width[2]) * (1 if width[3] in {"px", None} else 16)
    if width[1] == "min":
        return True if pixels <= _NARROWEST else False if pixels > _WIDEST else None
    return False if pixels < _NARROWEST else True if pixels >= _WIDEST else None
