"""Colours as browsers read them, and whether two of them can be told apart."""

import re
from typing import Final

Colour = tuple[float, float, float, float]
"""Red, green, blue and opacity, each from 0 to 1."""

WHITE: Final[Colour] = (1.0, 1.0, 1.0, 1.0)
BLACK: Final[Colour] = (0.0, 0.0, 0.0, 1.0)
LINK: Final[Colour] = (0.0, 0.0, 238 / 255, 1.0)
YELLOW: Final[Colour] = (1.0, 1.0, 0.0, 1.0)
BUTTON: Final[Colour] = (239 / 255, 239 / 255, 239 / 255, 1.0)

SYSTEM: Final = {
    "canvas": WHITE, "window": WHITE, "field": WHITE, "canvastext": BLACK, "windowtext": BLACK, "fieldtext": BLACK,
    "buttontext": BLACK, "buttonface": BUTTON, "linktext": LINK, "mark": YELLOW, "marktext": BLACK,
    "infobackground": WHITE, "infotext": BLACK, "menutext": BLACK, "captiontext": BLACK,
}  # fmt: skip
LEAST_CONTRAST: Final = 1.3
_DARKEST: Final = 0.03928
_DIGITS: Final = 2


def over(top: Colour, ground: Colour) -> Colour:
    """Return the colour that a translucent one makes on its ground."""
    alpha = top[3]
    red, green, blue = (a * alpha + b * (1 - alpha) for a, b in zip(top[:3], ground[:3], strict=True))
    return red, green, blue, 1.0


def contrast(one: Colour, other: Colour) -> float:
    """Return the contrast of two opaque colours (WCAG 2), 1 for none."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (
        part / 12.92 if part <= _DARKEST else ((part + 0.055) / 1.055) ** 2.4 for part in colour[:3]
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def of_attribute(value: str) -> Colour | None:
    """Return the colour of an attribute (`bgcolor`, `color`) by HTML's own rules, which take any text."""
    value = value.strip()
    if not value or value.casefold() == "transparent":
        return None
    if named := _named(value):
        return named
    if re.fullmatch(r"#[0-9a-fA-F]{3}", value):
        red, green, blue = (int(each * 2, 16) / 255 for each in value[1:])
        return red, green, blue, 1.0
    digits = "".join(
        each if each in "0123456789abcdefABCDEF" else "0" * (1 + (each > "\uffff"))
        for each in value[:128].removeprefix("#")
    )
    digits = digits.ljust(max(3, -(-len(digits) // 3) * 3), "0")
    size = len(digits) // 3
    parts = [digits[start : start + size][-8:] for start in (0, size, 2 * size)]
    while len(parts[0]) > _DIGITS and all(part[0] == "0" for part in parts):
        parts = [part[1:] for part in parts]
    red, green, blue = (int(part[:2], 16) / 255 for part in parts)
    return red, green, blue, 1.0


def _named(value: str) -> Colour | None:
    from tinycss2.color4 import parse_color  # noqa: PLC0415 - with HTML alone

    if not value.isalpha():
        return None
    colour = parse_color(value)
    return None if colour is None or isinstance(colour, str) else (*colour.to("srgb").coordinates, colour.alpha)
