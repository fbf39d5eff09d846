"""What browsers do with elements that no style says anything of, and what attributes of old HTML set."""

from typing import Final

from case_tools.untrusted import colours
from case_tools.untrusted.properties import UNSURE
from case_tools.untrusted.tree import Element
from case_tools.untrusted.values import Value

WORDLESS: Final = frozenset(
    [
        "head",
        "title",
        "meta",
        "link",
        "style",
        "script",
        "base",
        "template",
        "noembed",
        "noframes",
        "param",
        "rp",
        "area",
        "iframe-source",
    ]
)
"""Never words for a person: they leave nothing."""

REPLACED: Final = frozenset(["iframe", "img", "meter", "progress", "embed", "input", "br", "wbr", "hr"])
"""What stands inside is shown by browsers alone that do not know the element."""

UNDECIDED: Final = frozenset(
    [
        "audio",
        "canvas",
        "video",
        "select",
        "textarea",
        "noscript",
        "object",
        "svg",
        "math",
        "marquee",
        "frameset",
        "frame",
        "applet",
    ]
)
"""Whether a person sees their words cannot be said without a browser and its settings."""

_BLOCKS: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "html",
        "legend",
        "listing",
        "main",
        "menu",
        "nav",
        "ol",
        "optgroup",
        "option",
        "p",
        "plaintext",
        "pre",
        "search",
        "section",
        "summary",
        "ul",
        "xmp",
    ]
)
_TABLES: Final = {
    "table": "table", "tr": "table-row", "td": "table-cell", "th": "table-cell", "tbody": "table-row-group",
    "thead": "table-header-group", "tfoot": "table-footer-group", "caption": "table-caption",
    "col": "table-column", "colgroup": "table-column-group", "li": "list-item",
}  # fmt: skip
_CONTROLS: Final = frozenset({"button", "input", "select", "textarea"})
_WITH_BACKGROUND: Final = frozenset(["body", "table", "tbody", "thead", "tfoot", "tr", "td", "th"])
_FONT_SIZES: Final = (10.0, 13.0, 16.0, 18.0, 24.0, 32.0, 48.0)


def of_element(element: Element, link: colours.Colour) -> dict[str, Value]:
    """Return the properties that the element has before any style."""
    tag, attributes = element.tag, element.attributes
    found: dict[str, Value] = {"display": _display(element)}
    if tag == "a" and "href" in attributes:
        found["color"] = link
    elif tag in _CONTROLS:
        ground = colours.BUTTON if tag == "button" else colours.WHITE
        found |= {"color": colours.BLACK, "background-color": ground, "font-size": 13.3}
    elif tag == "mark":
        found |= {"color": colours.BLACK, "background-color": colours.YELLOW}
    elif tag == "dialog":
        found |= {"color": colours.BLACK, "background-color": colours.WHITE}
    elif tag in {"small", "sub", "sup"}:
        found["font-size"] = ("em", 0.83)
    elif tag == "rt":
        found["font-size"] = ("em", 0.5)
    return found


def of_attributes(element: Element) -> dict[str, Value]:
    """Return the properties that attributes of old HTML, and `hidden`, set."""
    tag, attributes = element.tag, element.attributes
    found: dict[str, Value] = {}
    if attributes.get("hidden", "until-found").casefold() != "until-found":
        found["display"] = "none"
    if attributes.get("dir", "").casefold() in {"ltr", "rtl", "auto"}:
        found["direction"] = "ltr" if attributes["dir"].casefold() == "ltr" else "rtl"
    if tag in _WITH_BACKGROUND:
        if ground := colours.of_attribute(attributes.get("bgcolor", "")):
            found["background-color"] = ground
        if address := attributes.get("background"):
            found["background-image"] = UNSURE if address.strip().casefold().startswith("data:") else "remote"
    if tag in {"font", "body"} and (
        colour := colours.of_attribute(attributes.get("color" if tag == "font" else "text", ""))
    ):
        found["color"] = colour
    if tag == "font" and (size := attributes.get("size", "").strip()):
        number = int(size.lstrip("+-")) if size.lstrip("+-").isdecimal() and len(size) < 4 else 3  # noqa: PLR2004
        number = 3 + number if size[0] == "+" else 3 - number if size[0] == "-" else number
        found["font-size"] = _FONT_SIZES[min(max(number, 1), 7) - 1]
    return found


def _display(element: Element) -> str:
    tag, attributes = element.tag, element.attributes
    if "popover" in attributes or tag in WORDLESS or tag == "datalist":
        return "none"
    if tag == "dialog" and "open" not in attributes:
        return "none"
    return _TABLES.get(tag) or ("inline-block" if tag in _CONTROLS else "block" if tag in _BLOCKS else "inline")
