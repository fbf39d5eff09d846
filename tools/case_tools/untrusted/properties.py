"""The properties of CSS that can hide words, each brought to a value that decides it."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from tinycss2 import serialize

from case_tools.untrusted import values
from case_tools.untrusted.values import INVALID, KEYWORDS, UNKNOWN, Token, Value

Effect = Callable[[Sequence[Token], str], Value]

OK: Final = "ok"
HIDE: Final = "hide"
UNSURE: Final = UNKNOWN

INHERITED: Final = frozenset(
    [
        "color",
        "font-size",
        "visibility",
        "fill",
        "font-family",
        "text-shadow",
        "letter-spacing",
        "word-spacing",
        "text-indent",
        "text-security",
        "white-space",
        "direction",
    ]
)
ALIASES: Final = {
    "-webkit-text-fill-color": "fill",
    "-webkit-text-security": "text-security",
    **{f"{most}block-size": f"{most}height" for most in ("", "max-", "min-")},
    **{f"{most}inline-size": f"{most}width" for most in ("", "max-", "min-")},
    **{f"overflow-{axis}": "overflow" for axis in ("x", "y", "block", "inline")},
    "inset-inline-start": "left",
    "inset-inline-end": "right",
    "inset-block-start": "top",
    "inset-block-end": "bottom",
}
_SIDES: Final = ("top", "right", "bottom", "left")
_CHOICES: Final = {
    "visibility": frozenset({"visible", "hidden", "collapse"}),
    "position": frozenset({"static", "relative", "absolute", "fixed", "sticky", "-webkit-sticky"}),
    "float": frozenset({"none", "left", "right", "inline-start", "inline-end"}),
    "direction": frozenset({"ltr", "rtl"}),
}
_READERS: Final = {
    "display": values.display,
    "opacity": values.number,
    "font-size": values.font_size,
    "color": values.colour,
    "background-color": values.colour,
    "fill": values.colour,
    "background-image": values.images,
}
_OVERFLOWS: Final = frozenset({"visible", "hidden", "clip", "auto", "scroll", "overlay"})
_LENGTHS: Final = frozenset((*_SIDES, "height", "width", "max-height", "max-width", "min-height", "min-width"))
_PADDINGS: Final = frozenset({"padding", *(f"padding-{side}" for side in (*_SIDES, "block", "inline"))})
_FARTHEST: Final = -60.0
_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?")


def expand(name: str, raw: Sequence[Token]) -> list[tuple[str, Value]]:
    """Return the properties that a declaration sets, of those that can hide words."""
    name = ALIASES.get(name, name)
    tokens = values.tokens_of(raw)
    if not name or not tokens:
        return []
    if name == "all":
        return [("all", tokens[0].lower_value if tokens[0].type == "ident" else INVALID)]
    parts = _PARTS.get(name, (name,))
    if len(tokens) == 1 and tokens[0].type == "ident" and tokens[0].lower_value in KEYWORDS:
        return [(part, ("keyword", tokens[0].lower_value)) for part in parts if part in _KNOWN]
    if any(_is_reference(token) for token in tokens) or "var(" in serialize(raw).casefold():
        return [(part, UNKNOWN) for part in parts if part in _KNOWN]
    if name == "font":
        return _font(tokens)
    if name == "background":
        colour, image = values.background(tokens)
        if INVALID in (colour, image):
            return []
        return [("background-color", colour or "transparent"), ("background-image", image)]
    if name == "inset":
        lengths = [values.length([each]) for each in tokens]
        four = {1: (0, 0, 0, 0), 2: (0, 1, 0, 1), 3: (0, 1, 2, 1), 4: (0, 1, 2, 3)}.get(len(lengths))
        return [(side, lengths[at]) for side, at in zip(_SIDES, four, strict=True)] if four else []
    return [
        (name, value) for value in [_value(name, tokens, serialize(raw).strip().casefold())] if value is not None
    ]


def _is_reference(token: Token) -> bool:
    return token.type == "function" and token.lower_name in {"var", "env", "attr", "if"}


def _font(tokens: Sequence[Token]) -> list[tuple[str, Value]]:
    if len(tokens) == 1:
        return [("font-size", 13.3)] if tokens[0].type == "ident" else []
    for place, token in enumerate(tokens[:-1]):
        size = values.font_size([token])
        weight = token.type == "number" and token.value != 0 and 1 <= token.value <= 1000  # noqa: PLR2004
        if size != INVALID and not weight:
            return [("font-size", size)] if place < len(tokens) - 1 else []
    return [("font-size", UNKNOWN)] if any(each.type == "function" for each in tokens) else []


def _value(name: str, tokens: Sequence[Token], text: str) -> Value | None:
    """Return the value of one property; None for a property that cannot hide words."""
    if name in _READERS:
        return _READERS[name](tokens)
    if name in _CHOICES:
        return values.keyword(tokens, _CHOICES[name])
    if name in _LENGTHS:
        return values.length(tokens)
    if name == "overflow":
        return text if {*text.split()} <= _OVERFLOWS else INVALID
    if name in _PADDINGS:
        return "none" if all(values.length([each]) == 0 for each in tokens) else "some"
    if name in {"font-family", "white-space", "text-shadow"}:
        return text
    effect = _EFFECTS.get(name.removeprefix("-webkit-"))
    return effect(tokens, text) if effect else None


def _farther(tokens: Sequence[Token], _: str) -> Value:
    """Judge what moves words to the left or up: hidden words were moved far."""
    lengths = [values.length([each]) for each in tokens]
    if INVALID in lengths:
        return INVALID
    for each in lengths:
        pixels = each[1] * 16 if isinstance(each, tuple) and each[0] == "em" else each
        if isinstance(each, tuple) and each[0] == "%":
            pixels = each[1] * 6
        if pixels == UNKNOWN or (isinstance(pixels, float) and not _FARTHEST < pixels < -20 * _FARTHEST):
            return UNSURE
    return OK


def _spacing(tokens: Sequence[Token], _: str) -> Value:
    size = values.length(tokens)
    pixels = size[1] * 16 if isinstance(size, tuple) else size
    if pixels == UNKNOWN or (isinstance(pixels, float) and pixels < -3):  # noqa: PLR2004
        return UNSURE
    return INVALID if size == INVALID else OK


def _transform(tokens: Sequence[Token], text: str) -> Value:
    if text == "none":
        return OK
    worst = OK
    for token in tokens:
        if token.type != "function":
            return INVALID
        numbers = [float(each) for each in _NUMBER.findall(serialize(token.arguments))]
        if token.lower_name in {"scale", "scalex", "scaley"}:
            small = min(map(abs, numbers), default=1.0) / (100 if "%" in text else 1)
            worst = HIDE if small < 0.02 else UNSURE if small < 0.5 and worst != HIDE else worst  # noqa: PLR2004
        elif (
            token.lower_name in {"translate", "translatex", "translatey", "translate3d", "translatez"}
            and all(abs(each) <= 50 for each in numbers)  # noqa: PLR2004
            and not re.search(r"\d(?:em|rem|v[wh]|in|cm|pc)|calc|%", text.replace("-50%", ""))
        ):
            continue
        elif worst != HIDE:
            worst = UNSURE
    return worst


def _scale(tokens: Sequence[Token], text: str) -> Value:
    if text == "none":
        return OK
    numbers = [values.number([each]) for each in tokens]
    if not all(isinstance(each, float) for each in numbers):
        return UNSURE
    small = min(map(abs, numbers))
    return HIDE if small < 0.02 else UNSURE if small < 0.5 else OK  # noqa: PLR2004


def _clip(_: Sequence[Token], text: str) -> Value:
    if text == "auto":
        return OK
    numbers = [abs(float(each)) for each in _NUMBER.findall(text)]
    return HIDE if text.startswith("rect(") and numbers and max(numbers) <= 1 and "auto" not in text else UNSURE


def _clip_path(_: Sequence[Token], text: str) -> Value:
    if text == "none":
        return OK
    if re.fullmatch(r"inset\(\s*(?:100|[5-9]\d)%\s*\)|circle\(\s*0(?:px|%)?\s*(?:at [^)]*)?\)", text):
        return HIDE
    return UNSURE


def _filter(_: Sequence[Token], text: str) -> Value:
    if text == "none":
        return OK
    opacity = re.fullmatch(r"opacity\(\s*([\d.]+)(%?)\s*\)", text)
    if opacity and float(opacity[1]) / (100 if opacity[2] else 1) < 0.05:  # noqa: PLR2004
        return HIDE
    return UNSURE


def _layer(_: Sequence[Token], text: str) -> Value:
    return UNSURE if text.startswith("-") else OK


def _only(*harmless: str) -> Effect:
    def judge(_: Sequence[Token], text: str) -> Value:
        return OK if text in harmless else UNSURE

    return judge


def _animation(_: Sequence[Token], text: str) -> Value:
    return OK if re.fullmatch(r"none|0s.*|", text) else UNSURE


def _content_visibility(_: Sequence[Token], text: str) -> Value:
    return {"hidden": HIDE, "auto": OK, "visible": OK}.get(text, INVALID)


_EFFECTS: Final = {
    "text-indent": _farther, "margin": _farther, "margin-left": _farther, "margin-top": _farther,
    "margin-right": _farther, "margin-bottom": _farther, "margin-inline-start": _farther,
    "margin-block-start": _farther, "margin-inline": _farther, "margin-block": _farther,
    "margin-inline-end": _farther, "margin-block-end": _farther,
    "letter-spacing": _spacing, "word-spacing": _spacing,
    "transform": _transform, "scale": _scale, "rotate": _only("none"), "translate": _only("none", "0", "0px"),
    "zoom": _only("1", "100%", "normal"), "clip": _clip, "clip-path": _clip_path, "filter": _filter,
    "backdrop-filter": _only("none"), "mask": _only("none"), "mask-image": _only("none"),
    "mask-box-image": _only("none"), "mask-border": _only("none"), "mix-blend-mode": _only("normal"),
    "animation": _animation, "animation-name": _only("none"), "content-visibility": _content_visibility,
    "text-security": _only("none"), "background-clip": _only("border-box", "padding-box", "content-box"),
    "z-index": _layer,
    "unicode-bidi": _only("normal", "embed", "isolate", "plaintext"), "line-clamp": _only("none"),
    "content": _only("none", "normal"), "offset": _only("none"), "offset-path": _only("none"),
    "contain": _only("none", "content", "layout", "style", "paint", "layout style"),
    "background-blend-mode": _only("normal"), "mask-size": _only("auto"), "mask-composite": _only("add"),
}  # fmt: skip
EFFECTS: Final = frozenset(_EFFECTS)
_PARTS: Final = {"font": ("font-size",), "background": ("background-color", "background-image"), "inset": _SIDES}
_KNOWN: Final = INHERITED | EFFECTS | _LENGTHS | _PADDINGS | {
    "display", "opacity", "background-color", "background-image", "position", "float", "overflow",
}  # fmt: skip
