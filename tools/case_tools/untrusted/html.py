"""HTML put into the words that a person would see of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from case_tools.untrusted.budget import Budget
from case_tools.untrusted.links import image
from case_tools.untrusted.tree import Document, Element, TooCostly, parse

if TYPE_CHECKING:
    from case_tools.untrusted.sight import Sight
    from case_tools.untrusted.values import Value

HIDDEN: Final = "[...hidden]"
"""Stands where styling hid words from people."""

UNSURE: Final = "[...unsure: "
"""Begins words of which cannot be said whether people see them."""

_SPACES: Final = re.compile(r"[\s\xa0\u200b-\u200f\u00ad\u034f\u2007\u202f\u2060\ufeff\u2800\u115f\u3164]*")
_SAME_ADDRESS: Final = re.compile(r"^(?:https?://|mailto:|tel:|//)|(?<=[\w-])/$", re.IGNORECASE)
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f]")
_INLINE: Final = frozenset({"inline", "contents", "ruby", "inline-block", "inline-table", "inline-flex"})
_VALUED: Final = frozenset(
    {"", "text", "submit", "button", "reset", "email", "tel", "url", "search", "number", "date"}
)


_LONGEST_LINE: Final = 100


@dataclass(slots=True)
class _Piece:
    kind: str
    text: str


def in_words(text: str, longest: int, budget: Budget) -> tuple[str, int]:
    """Return what a person would see of a text that is HTML, and how many characters of it were not read.

    Raises:
        TooCostly: it takes more work than is left.
    """
    document = parse(text, longest, budget)
    return _Reader(document, budget).read(), document.unread


class _Reader:
    """Walks the tree once, from the outside in."""

    def __init__(self, document: Document, budget: Budget) -> None:
        from case_tools.untrusted import colours, defaults, sheet, sight  # noqa: PLC0415 - with HTML alone

        self._document, self._budget = document, budget
        self._defaults, self._sheet, self._sight = defaults, sheet, sight
        elements = [document.root, *document.root.descendants()]
        sources = [each.words() for each in elements if each.tag == "style"]
        self._rules = sheet.StyleSheet(sources, budget, quirks=document.quirks)
        self._pieces: list[_Piece] = []
        body = next((each for each in elements if each.tag == "body"), document.root)
        self._link = colours.of_attribute(body.attributes.get("link", "")) or colours.LINK
        text_colour = colours.of_attribute(body.attributes.get("text", "")) or colours.BLACK
        self._table_colour = text_colour if document.quirks else None
        self._covered = False
        self._doubtful = (
            document.undecided
            or self._rules.everything_doubtful
            or any(each.tag == "template" and "shadowrootmode" in each.attributes for each in elements)
            or any(
                each.tag == "link" and each.attributes.get("href", "").strip().casefold().startswith("data:")
                for each in elements
            )
        )

    def read(self) -> str:
        """Return the words, with marks where something was done."""
        start = self._sight.Sight(doubtful=self._doubtful)
        self._element(self._document.root, start, {})
        if self._covered:
            for piece in self._pieces:
                piece.kind = "unsure" if piece.kind == "shown" else piece.kind
        return _assembled(self._pieces)

    def _element(self, element: Element, around: "Sight", parent: "dict[str, Value]") -> None:
        defaults, sheet = self._defaults, self._sheet
        if not self._budget.spend(elements=1):
            raise TooCostly
        base = defaults.of_element(element, self._link)
        declared = [*self._rules.declared(element), *sheet.own_style(element.attributes.get("style", ""))]
        computed = sheet.compute(declared, base, defaults.of_attributes(element), parent)
        wordless = element.tag in defaults.WORDLESS
        if wordless and computed.values.get("display") == "none" and "display" not in computed.doubts:
            return
        inside = self._sight.below(
            around, element, computed, table_colour=self._table_colour, own_fonts=self._rules.own_fonts
        )
        until_found = element.attributes.get("hidden", "").casefold() == "until-found"
        if (
            wordless
            or until_found
            or element.tag == "dialog"
            or "popover" in element.attributes
            or element.tag in defaults.UNDECIDED
            or self._is_closed(element)
            or (inside.rtl and _runs_on(element, computed.values))
        ):
            inside = replace(inside, doubtful=True)
        own = computed.values.get("background-color")
        self._covered |= self._sight.disturbs(computed.values) and not inside.gone
        self._covered |= inside.moved and not inside.gone and isinstance(own, tuple) and own[3] > 0
        if element.tag in defaults.REPLACED:
            self._replaced(element, inside)
            return
        display = str(computed.values.get("display", "inline"))
        display = str(base["display"]) if display == "none" else display
        apart = "" if display in _INLINE else "\t" if display == "table-cell" else "\n"
        self._add("break", apart)
        begin = len(self._pieces)
        for child in element.children:
            if isinstance(child, str):
                closed = element.tag == "details" and "open" not in element.attributes
                self._add("unsure" if closed and inside.verdict() == "shown" else inside.verdict(), child)
            else:
                self._element(child, inside, computed.values)
        if element.tag == "a":
            self._address(element.attributes.get("href", ""), begin)
        self._add("break", apart)

    def _is_closed(self, element: Element) -> bool:
        """Tell whether the element stands in a closed `details`, which a click opens."""
        details = element.parent
        if details is None or details.tag != "details" or "open" in details.attributes:
            return False
        return element is not next((each for each in details.elements() if each.tag == "summary"), None)

    def _replaced(self, element: Element, inside: "Sight") -> None:
        attributes, verdict = element.attributes, inside.verdict()
        if element.tag in {"br", "hr"}:
            self._add("break", "\n")
        elif element.tag == "img":
            self._image(attributes, verdict)
        elif element.tag == "input":
            if attributes.get("type", "").casefold() in _VALUED:
                words = attributes.get("value") or attributes.get("placeholder", "")
                self._add("hidden" if verdict == "hidden" else "unsure", words)
        elif element.tag == "iframe" and attributes.get("srcdoc", "").strip():
            self._add(
                "hidden" if verdict == "hidden" else "unsure", re.sub(r"<[^<>]*>", " ", attributes["srcdoc"])
            )
        else:
            self._add("hidden", element.words())

    def _image(self, attributes: dict[str, str], verdict: str) -> None:
        address = attributes.get("src", "").strip()
        shown_address = address if re.match(r"https?:|//", address, re.IGNORECASE) else ""
        tiny = any(re.fullmatch(r"\s*[01](?:px)?\s*", attributes.get(side, "")) for side in ("width", "height"))
        alt = attributes.get("alt", "")
        if (
            (tiny and not alt.strip())
            or (verdict == "hidden" and not alt.strip())
            or not (alt.strip() or shown_address)
        ):
            return
        self._add(verdict, f" {image(alt, shown_address)} ")

    def _address(self, address: str, begin: int) -> None:
        """Show the address behind the words of a link, where they are not the same."""
        address = _CONTROLS.sub("", address).strip()
        kinds = [each.kind for each in self._pieces[begin:] if each.kind != "break" and not _is_blank(each.text)]
        words = "".join(each.text for each in self._pieces[begin:] if each.kind in {"shown", "unsure"})
        if not address or address.startswith("#") or not {"shown", "unsure"} & {*kinds}:
            return
        if _SAME_ADDRESS.sub("", "".join(words.split())).casefold() != _SAME_ADDRESS.sub("", address).casefold():
            self._add("shown" if "shown" in kinds else "unsure", f" ({address})")

    def _add(self, kind: str, text: str) -> None:
        if text:
            self._pieces.append(_Piece(kind, text))


def _runs_on(element: Element, values: Mapping[str, object]) -> bool:
    """Tell whether lines that do not wrap may end outside of the window, to the left where nobody can scroll."""
    unwrapped = element.tag in {"pre", "plaintext", "xmp", "listing"} or "nowrap" in str(values.get("white-space"))
    return unwrapped and any(len(each) > _LONGEST_LINE for each in element.words().splitlines())


def _is_blank(text: str) -> bool:
    return _SPACES.fullmatch(text) is not None


def _assembled(pieces: list[_Piece]) -> str:
    """Return the words in their order: one mark for what is hidden together, and one pair for what is unsure."""
    kept: list[str] = []
    last = ""
    waiting = ""
    for piece in pieces:
        if piece.kind == "break" or _is_blank(piece.text):
            waiting += (
                "\n"
                if "\n" in piece.text and piece.kind == "break"
                else " "
                if piece.text.strip("\n") or 1
                else ""
            )
            continue
        if last == "unsure" and piece.kind != "unsure":
            kept.append(" ]")
        if piece.kind != "hidden" or last != "hidden":
            kept.append(waiting)
        waiting = ""
        if piece.kind == "hidden":
            kept.append(HIDDEN if last != "hidden" else "")
        else:
            kept.append(UNSURE if piece.kind == "unsure" and last != "unsure" else "")
            kept.append(piece.text)
        last = piece.kind
    return "".join(kept) + (" ]" if last == "unsure" else "")
