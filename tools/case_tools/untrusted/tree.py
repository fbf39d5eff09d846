"""The tree of a text that is HTML, as an HTML5 parser builds it: decided once, counted, never without end.

Lexbor (selectolax) takes a fraction of a millisecond for a usual mail; html5lib and tinyhtml5 take 100 times as
long. What makes it slow is bounded before it starts: the number of tags, and of formatting elements that it would
open again behind each block.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from case_tools.untrusted.budget import MOST_ELEMENTS, Budget

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_MOST_REOPENED: Final = 50_000
_DEEPEST: Final = 300
_LONGEST_TAG: Final = 3_000

_TAG: Final = re.compile(r"<(/?)([a-z][^\s/>\x00]*)", re.IGNORECASE)
_FORMATTING: Final = re.compile(
    r"<(?:b|big|code|em|font|i|s|small|strike|strong|tt|u)(?=[\s/>])[^>]*", re.IGNORECASE
)
_DOCUMENT: Final = re.compile(r"<(?:!doctype\s+html|html|head|body)(?:\s[^<>]*)?>", re.IGNORECASE)
_BREAK: Final = re.compile(r"<br\s*/?>|<br\s[^<>]*>", re.IGNORECASE)
_HIDES_WITHOUT_STRUCTURE: Final = re.compile(
    r"<!--|<[a-z][^\s<>]*[\s/][^<>]*?(?<=[\s/\"'])(?:style|hidden|class|color|bgcolor|open|popover)\b",
    re.IGNORECASE,
)
_LATER_RULES: Final = re.compile(r"<(?:style|body|html|link|template)\b", re.IGNORECASE)


@dataclass(slots=True, eq=False)
class Element:
    """One element: its name and attributes in small letters, its children in order."""

    tag: str
    attributes: dict[str, str]
    parent: "Element | None" = None
    index: int = 0
    children: "list[Element | str]" = field(default_factory=list)

    def elements(self) -> "list[Element]":
        """Return the children that are elements."""
        return [each for each in self.children if isinstance(each, Element)]

    def descendants(self) -> "Iterator[Element]":
        """Yield the elements below, in the document's order."""
        waiting = self.elements()[::-1]
        while waiting:
            element = waiting.pop()
            yield element
            waiting += element.elements()[::-1]

    def words(self) -> str:
        """Return all text below."""
        return "".join([*_texts(self)])


def _texts(element: Element) -> Iterator[str]:
    for child in element.children:
        if isinstance(child, str):
            yield child
        else:
            yield from _texts(child)


@dataclass(frozen=True, slots=True)
class Document:
    """A text that is HTML.

    Attributes:
        root: its `html` element.
        quirks: it has no document type, so that tables do not inherit colours and sizes.
        unread: how many characters at its end were not read.
        undecided: what was not read may style what was.
    """

    root: Element
    quirks: bool
    unread: int
    undecided: bool


class TooCostly(Exception):
    """The text would cost more than its budget; it is shown literally."""


def is_html(text: str) -> bool:
    """Tell whether the text has the structure of HTML: a closed element, a line break, or a document."""
    if _BREAK.search(text) or _DOCUMENT.search(text):
        return True
    opened: set[str] = set()
    for match in _TAG.finditer(text):
        name = match[2].casefold()
        if match[1] and name in opened and ">" in text[match.end() :]:
            return True
        opened.add(name) if not match[1] else None
    return False


def may_hide(text: str) -> bool:
    """Tell whether a browser would hide words of a text that is not clearly HTML."""
    return _HIDES_WITHOUT_STRUCTURE.search(text) is not None


def parse(text: str, longest: int, budget: Budget) -> Document:
    """Return the tree of the text's beginning.

    Raises:
        TooCostly: for a text that no person writes, or when the result's budget is spent.
    """
    end = min(len(text), longest)
    tags = 0
    for match in _TAG.finditer(text):
        tags += 1
        if tags > MOST_ELEMENTS or match.start() >= end:
            end = min(end, match.start())
            break
    read = text[:end]
    reopened: dict[str, int] = {}
    for match in _FORMATTING.finditer(read):
        reopened[match.group()] = min(reopened.get(match.group(), 0) + 1, 3)
    longest_tag = max((len(each) for each in read.split("<")), default=0) if "=" in read or "/" in read else 0
    if sum(reopened.values()) * tags > _MOST_REOPENED or _too_many_attributes(read, longest_tag):
        raise TooCostly
    if not budget.spend(elements=tags + len(read) // 200):
        raise TooCostly
    import selectolax.lexbor  # noqa: PLC0415 - few texts are HTML; it takes 60 ms to import

    parsed = selectolax.lexbor.LexborHTMLParser(read).root
    if parsed is None:
        raise TooCostly
    return Document(
        root=_tree(parsed),
        quirks=not re.match(r"\s*(?:<!--.*?-->\s*)*<!doctype\s+html", read, re.IGNORECASE | re.DOTALL),
        unread=len(text) - end,
        undecided=end < len(text) and _LATER_RULES.search(text, end) is not None,
    )


def _too_many_attributes(text: str, longest_tag: int) -> bool:
    return longest_tag > _LONGEST_TAG and any(
        len(tag) > _LONGEST_TAG and len(tag.partition(">")[0].split()) > _LONGEST_TAG // 10
        for tag in text.split("<")
    )


def _tree(parsed: "LexborNode") -> Element:
    root = Element(parsed.tag or "html", _attributes(parsed))
    waiting, count = [(parsed, root, 0)], 0
    while waiting:
        node, element, depth = waiting.pop()
        child, index = node.first_child, 0
        while child is not None:
            if child.is_text_node:
                element.children.append(child.text_content or "")
            elif child.is_element_node:
                count += 1
                if count > 2 * MOST_ELEMENTS or depth > _DEEPEST:
                    raise TooCostly
                made = Element((child.tag or "").casefold(), _attributes(child), element, index)
                index += 1
                element.children.append(made)
                waiting.append((child, made, depth + 1))
            child = child.next
    return root


def _attributes(node: "LexborNode") -> dict[str, str]:
    return {name.casefold(): value or "" for name, value in node.attributes.items()}
