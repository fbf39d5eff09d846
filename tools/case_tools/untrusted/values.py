"""What values of CSS mean for sight: read as browsers do, wrong ones ignored, unknown ones said to be unknown."""

import re
from collections.abc import Sequence
from typing import Any, Final

from tinycss2 import serialize
from tinycss2.color4 import parse_color

from case_tools.untrusted.colours import SYSTEM, Colour

Token = Any
"""A token of tinycss2."""

Value = Any
"""A keyword, pixels, a share (`("em", 0.5)`, `("%", 50)`), a colour, `INVALID` or `UNKNOWN`."""

INVALID: Final = "invalid"
UNKNOWN: Final = "unknown"
KEYWORDS: Final = frozenset({"inherit", "initial", "unset", "revert", "revert-layer"})

_DISPLAYS: Final = frozenset(
    [
        "block",
        "inline",
        "inline-block",
        "table",
        "inline-table",
        "table-row",
        "table-cell",
        "table-row-group",
        "table-header-group",
        "table-footer-group",
        "table-caption",
        "list-item",
        "flex",
        "inline-flex",
        "grid",
        "inline-grid",
        "flow",
        "flow-root",
        "contents",
        "ruby",
        "ruby-text",
        "math",
        "none",
        "table-column",
        "table-column-group",
        "-webkit-box",
        "-webkit-inline-box",
        "-webkit-flex",
        "-webkit-inline-flex",
    ]
)
_SIZES: Final = {
    "xx-small": 9.0, "x-small": 10.0, "small": 13.0, "medium": 16.0, "large": 18.0, "x-large": 24.0,
    "xx-large": 32.0, "xxx-large": 48.0, "smaller": ("em", 0.83), "larger": ("em", 1.2), "math": ("em", 1.0),
}  # fmt: skip
_PIXELS: Final = {
    "px": 1.0, "pt": 4 / 3, "pc": 16.0, "in": 96.0, "cm": 96 / 2.54, "mm": 9.6 / 2.54, "q": 2.4 / 2.54,
    "vw": 12.8, "vh": 8.0, "vmin": 8.0, "vmax": 12.8, "rem": 16.0,
}  # fmt: skip
_RELATIVE: Final = frozenset({"em", "ex", "ch", "lh", "cap", "ic"})


def tokens_of(value: Sequence[Token]) -> list[Token]:
    """Return the tokens without white space and comments."""
    return [each for each in value if each.type not in {"whitespace", "comment"}]


def keyword(tokens: Sequence[Token], known: frozenset[str]) -> Value:
    """Return one keyword of those that are known."""
    if any(each.type == "function" for each in tokens):
        return UNKNOWN
    if len(tokens) != 1 or tokens[0].type != "ident":
        return INVALID
    return tokens[0].lower_value if tokens[0].lower_value in known else INVALID


def display(tokens: Sequence[Token]) -> Value:
    """Return the kind of box; `none` for none."""
    if any(each.type == "function" for each in tokens):
        return UNKNOWN
    names = [each.lower_value for each in tokens if each.type == "ident"]
    if len(names) != len(tokens) or not names:
        return INVALID
    if len(names) == 1:
        return names[0] if names[0] in _DISPLAYS else INVALID
    return UNKNOWN


def number(tokens: Sequence[Token]) -> Value:
    """Return a number, or a percentage as one."""
    if len(tokens) != 1:
        return INVALID
    token = tokens[0]
    if token.type == "number":
        return float(token.value)
    if token.type == "percentage":
        return float(token.value) / 100
    return UNKNOWN if token.type == "function" else INVALID


def length(tokens: Sequence[Token]) -> Value:
    """Return a length: pixels, or a share of something."""
    if len(tokens) != 1:
        return INVALID
    token = tokens[0]
    if token.type == "number":
        return 0.0 if token.value == 0 else UNKNOWN if abs(token.value) < 8 else float(token.value)  # noqa: PLR2004
    if token.type == "percentage":
        return ("%", float(token.value))
    if token.type == "dimension":
        unit = token.lower_unit
        if unit in _PIXELS:
            return float(token.value) * _PIXELS[unit]
        if unit in _RELATIVE:
            return ("em", float(token.value) * (1.0 if unit == "em" else 0.5))
        return UNKNOWN if re.fullmatch(r"[sldc]?v[a-z]+|cq[a-z]+|r[a-z]+", unit) else INVALID
    if token.type == "ident":
        return token.lower_value
    return UNKNOWN if token.type == "function" else INVALID


def font_size(tokens: Sequence[Token]) -> Value:
    """Return the size of letters."""
    if len(tokens) == 1 and tokens[0].type == "ident":
        return _SIZES.get(tokens[0].lower_value, INVALID)
    size = length(tokens)
    if isinstance(size, tuple) and size[0] == "%":
        size = ("em", size[1] / 100)
    if isinstance(size, float) and size < 0:
        return INVALID
    return INVALID if isinstance(size, tuple) and size[1] < 0 else size


def colour(tokens: Sequence[Token]) -> "Colour | str":
    """Return a colour, or `currentcolor`."""
    if len(tokens) != 1:
        return INVALID
    token = tokens[0]
    if token.type == "ident" and token.lower_value in SYSTEM:
        return SYSTEM[token.lower_value]
    if (
        token.type in {"ident", "number", "dimension"}
        and re.fullmatch(r"[0-9a-fA-F]{3}|[0-9a-fA-F]{6}", serialize([token]))
        and not (token.type == "ident" and parse_color(token))
    ):
        return UNKNOWN  # browsers take a colour without its # where the document has no type
    try:
        found = parse_color(token)
        if found is None:
            return UNKNOWN if token.type == "function" else INVALID
        if isinstance(found, str):
            return found
        if found.alpha is None or any(each is None for each in found.coordinates):
            return UNKNOWN
        red, green, blue = (min(max(float(each), 0.0), 1.0) for each in found.to("srgb").coordinates)
        return red, green, blue, min(max(float(found.alpha), 0.0), 1.0)
    except (NotImplementedError, ValueError, TypeError):
        return UNKNOWN


def background(tokens: Sequence[Token]) -> "tuple[Colour | str | None, str]":
    """Return colour and image of the shorthand: of its last layer, as only that has a colour."""
    found: Colour | str | None = None
    image = "none"
    for token in tokens:
        if token.type in {"url", "function"} and (token.type == "url" or token.lower_name == "url"):
            image = _address(token)
        elif token.type == "function" and token.lower_name in {"var", "env", "attr", "if"}:
            return UNKNOWN, UNKNOWN
        elif (token.type == "function" and ("gradient" in token.lower_name or "image" in token.lower_name)) or (
            token.type == "ident" and token.lower_value == "text"
        ):
            image = UNKNOWN
        elif token.type in {"ident", "hash", "function"}:
            one = colour([token])
            if one != INVALID:
                found = one
            elif token.type == "ident" and token.lower_value not in _OF_BACKGROUNDS:
                return INVALID, INVALID
    return found, image


_OF_BACKGROUNDS: Final = frozenset(
    [
        "none",
        "repeat",
        "repeat-x",
        "repeat-y",
        "no-repeat",
        "space",
        "round",
        "scroll",
        "fixed",
        "local",
        "left",
        "right",
        "top",
        "bottom",
        "center",
        "auto",
        "cover",
        "contain",
        "border-box",
        "padding-box",
        "content-box",
    ]
)


def images(tokens: Sequence[Token]) -> str:
    """Return `none`, `remote` or UNKNOWN for a list of images."""
    if all(each.type == "ident" and each.lower_value == "none" for each in tokens):
        return "none"
    if len(tokens) == 1 and (tokens[0].type == "url" or getattr(tokens[0], "lower_name", "") == "url"):
        return _address(tokens[0])
    return UNKNOWN


def _address(token: Token) -> str:
    text = token.value if token.type == "url" else serialize(token.arguments).strip("\"' ")
    return "remote" if re.match(r"(?:https?|cid):|//", text, re.IGNORECASE) else UNKNOWN
