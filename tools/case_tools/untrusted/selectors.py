"""Which elements a selector means, in time that grows with their number alone.

cssselect2 parses selectors and weighs them. Its own matching tries every ancestor for every part, which a hostile
style sheet makes cubic; here each question about a part and an element is answered once.
"""

from typing import Final

from cssselect2 import parser

from case_tools.untrusted.tree import Element

NEVER: Final = frozenset(
    [
        "active",
        "current",
        "focus",
        "focus-visible",
        "focus-within",
        "future",
        "hover",
        "muted",
        "past",
        "paused",
        "playing",
        "seeking",
        "stalled",
        "target",
        "target-within",
        "user-invalid",
        "user-valid",
        "visited",
        "fullscreen",
        "modal",
        "popover-open",
        "autofill",
    ]
)
"""States in which a page that was just opened is not."""


class Undecidable(Exception):
    """The selector means something that is not known here."""


class Matcher:
    """Answers whether elements match one selector."""

    def __init__(self, selector: parser.Selector, *, quirks: bool = False) -> None:
        self._quirks = quirks
        self._parts: list[tuple[parser.CompoundSelector, str]] = []
        tree, combinator = selector.parsed_tree, ""
        while isinstance(tree, parser.CombinedSelector):
            self._parts.append((tree.right, combinator))
            tree, combinator = tree.left, tree.combinator
        self._parts.append((tree, combinator))
        self._known: dict[tuple[int, int, str], bool] = {}
        self.questions = 0

    def matches(self, element: Element, part: int = 0) -> bool:
        """Tell whether the element matches the selector up to a part, counted from its end."""
        self.questions += 1
        if not _compound(self._parts[part][0], element, quirks=self._quirks):
            return False
        if part + 1 == len(self._parts):
            return True
        combinator = self._parts[part + 1][1]
        if combinator in {">", "+"}:
            other = element.parent if combinator == ">" else _previous(element)
            return other is not None and self._ask(other, part + 1)
        return self._some_before(element, part + 1, combinator)

    def _ask(self, element: Element, part: int) -> bool:
        key = (id(element), part, "")
        if key not in self._known:
            self._known[key] = self.matches(element, part)
        return self._known[key]

    def _some_before(self, element: Element, part: int, combinator: str) -> bool:
        """Tell whether some ancestor, or some sibling before, matches; each is asked once."""
        passed: list[tuple[int, int, str]] = []
        found, current = False, element
        while not found:
            key = (id(current), part, combinator)
            if key in self._known:
                found = self._known[key]
                break
            passed.append(key)
            other = current.parent if combinator == " " else _previous(current)
            if other is None:
                break
            found, current = self._ask(other, part), other
        self._known |= dict.fromkeys(passed, found)
        return found


def _previous(element: Element) -> Element | None:
    if element.parent is None or element.index == 0:
        return None
    for sibling in element.parent.children:
        if isinstance(sibling, Element) and sibling.index == element.index - 1:
            return sibling
    return None


def _compound(selector: object, element: Element, *, quirks: bool) -> bool:
    return all(_simple(each, element, quirks=quirks) for each in selector.simple_selectors)  # type: ignore[attr-defined]


def _simple(selector: object, element: Element, *, quirks: bool) -> bool:
    match selector:
        case parser.LocalNameSelector():
            return bool(element.tag == selector.lower_local_name)
        case parser.ClassSelector():
            return (
                _folded(selector.class_name, quirks)
                in _folded(element.attributes.get("class", ""), quirks).split()
            )
        case parser.IDSelector():
            return _folded(element.attributes.get("id", ""), quirks) == _folded(selector.ident, quirks)
        case parser.AttributeSelector():
            return _attribute(selector, element)
        case parser.NegationSelector():
            return not any(_nested(each, element, quirks=quirks) for each in selector.selector_list)
        case parser.MatchesAnySelector() | parser.SpecificityAdjustmentSelector():
            return any(_nested(each, element, quirks=quirks) for each in selector.selector_list)
        case parser.PseudoClassSelector():
            return _state(selector.name, element)
        case parser.NamespaceSelector():
            raise Undecidable
    raise Undecidable


def _folded(name: str, quirks: bool) -> str:  # noqa: FBT001 - a fact of the document
    """Return a class or an id as it is compared: without its case where the document has no type."""
    return name.casefold() if quirks else name


def _nested(selector: parser.Selector, element: Element, *, quirks: bool) -> bool:
    if not isinstance(selector.parsed_tree, parser.CompoundSelector):
        raise Undecidable
    return _compound(selector.parsed_tree, element, quirks=quirks)


def _attribute(selector: parser.AttributeSelector, element: Element) -> bool:
    if selector.namespace:
        raise Undecidable
    held = element.attributes.get(selector.lower_name)
    if held is None:
        return False
    if selector.operator is None:
        return True
    value = selector.value
    if selector.case_sensitive is not True:
        # HTML compares the values of type, dir, align and others without their case; elsewhere the case counts.
        if held != value and held.casefold() == value.casefold() and selector.case_sensitive is None:
            raise Undecidable
        if selector.case_sensitive is False:
            held, value = held.casefold(), value.casefold()
    answers: dict[str, bool] = {
        "=": held == value,
        "~=": value != "" and value in held.split(),
        "|=": held == value or held.startswith(f"{value}-"),
        "^=": value != "" and held.startswith(value),
        "$=": value != "" and held.endswith(value),
        "*=": value != "" and value in held,
    }
    return answers[selector.operator]


def _state(name: str, element: Element) -> bool:
    if name in NEVER:
        return False
    if name in {"root", "scope"}:
        return element.parent is None
    if name in {"link", "any-link"}:
        return element.tag in {"a", "area"} and "href" in element.attributes
    siblings = element.parent.elements() if element.parent else [element]
    if name == "first-child":
        return element.index == 0
    if name == "last-child":
        return element.index + 1 == len(siblings)
    if name == "only-child":
        return len(siblings) == 1
    raise Undecidable
