"""Whether a person sees the words of an element: decided from its styles alone, without a layout.

Where a layout would be needed to tell, the answer is that it cannot be told.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

from case_tools.untrusted import colours
from case_tools.untrusted.colours import LEAST_CONTRAST, Colour
from case_tools.untrusted.properties import EFFECTS, HIDE, INHERITED, OK
from case_tools.untrusted.sheet import Computed
from case_tools.untrusted.tree import Element
from case_tools.untrusted.values import UNKNOWN, Value

Verdict = Literal["shown", "hidden", "unsure"]

_UNREADABLE, _SMALLEST = 1.0, 6.0
_FAINT, _FAINTEST = 1.5, 0.05
_FAR: Final = 1_000.0
_SLIM, _ROOMY = 2.0, 10.0
_GRAVITY: Final = (OK, HIDE, UNKNOWN)
_MOVES: Final = ("margin", "transform", "scale", "rotate", "translate", "zoom", "offset")
_MOVING: Final = frozenset(name for name in EFFECTS if name.startswith(_MOVES))
_SIDES: Final = ("left", "top", "right", "bottom")
_SIZES: Final = ("height", "width", "max-height", "max-width")
_OF_BOXES: Final = frozenset({"transform", "scale", "content-visibility", "clip-path"})
_PAINTED: Final = frozenset({"opacity", "position", "overflow", "float", "background-color", "background-image"})
_OF_A_BOX: Final = (EFFECTS - INHERITED) | _PAINTED | {*_SIDES}
_CELLS: Final = frozenset({"table-cell", "table", "table-row", "inline-block", "flow-root", "table-caption"})
_NO_HEIGHT: Final = frozenset({"table-cell", "table-row", "table", "inline", "contents"})


@dataclass(frozen=True, slots=True)
class Look:
    """How letters look: their colour, their size in pixels, and whether that is exact."""

    colour: Colour
    size: float
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Sight:
    """What an element hands down to the words in it.

    Attributes:
        gone: nobody sees anything of it.
        doubtful: nobody can tell without a layout, or without knowing more of the browser.
        visible: its own words are, if nothing else hides them.
        opacity: of all elements around, multiplied.
        looks: how its letters may look; more than one where browsers differ.
        grounds: what may lie behind them.
        outer: what may lie behind what floats out of the box.
        all_grounds: what may lie behind what leaves it altogether.
        clipped: a box around cuts off what leaves it.
        moved: it was taken to another place, where it may cover what stands there.
        rtl: lines run to the left, where nobody can scroll.
        shadow: letters may stand out by something else than their colour: a shadow, or a picture behind them.
    """

    gone: bool = False
    doubtful: bool = False
    visible: bool = True
    opacity: float = 1.0
    looks: frozenset[Look] = frozenset({Look(colours.BLACK, 16.0)})
    fill: Colour | None = None
    grounds: frozenset[Colour] = frozenset({colours.WHITE})
    outer: frozenset[Colour] = frozenset({colours.WHITE})
    all_grounds: frozenset[Colour] = frozenset({colours.WHITE})
    shadow: bool = False
    clipped: bool = False
    moved: bool = False
    rtl: bool = False

    def verdict(self) -> Verdict:
        """Tell whether a person sees words that stand here."""
        if self.gone:
            return "hidden"
        if self.doubtful:
            return "unsure"
        if not self.visible or self.opacity <= _FAINTEST:
            return "hidden"
        answers = {self._of(look, ground) for look in self.looks for ground in self.grounds}
        return answers.pop() if len(answers) == 1 else "unsure"

    def _of(self, look: Look, ground: Colour) -> Verdict:
        if look.size == 0 or (look.exact and look.size < _UNREADABLE):
            return "hidden"
        colour = self.fill or look.colour
        seen = colours.contrast(colours.over(colour, ground), ground)
        if seen < LEAST_CONTRAST:
            return "unsure" if self.shadow else "hidden"
        faint = (*colour[:3], colour[3] * self.opacity)
        if look.size < _SMALLEST or colours.contrast(colours.over(faint, ground), ground) < min(seen, _FAINT):
            return "unsure"
        return "shown"


def below(
    parent: Sight, element: Element, computed: Computed, *, table_colour: Colour | None, own_fonts: set[str]
) -> Sight:
    """Return what holds inside an element, from what holds around it and its own styles."""
    values = computed.values
    if parent.gone:
        return parent
    doubtful = parent.doubtful or bool(computed.doubts) or _of_an_own_font(values, own_fonts)
    gone = values.get("display") in {"none", "table-column", "table-column-group"}
    out_of_flow = values.get("position") in {"absolute", "fixed"}
    taken_out = out_of_flow or values.get("float", "none") != "none"
    if taken_out and values.get("display", "inline").startswith(("inline", "table-")):
        values["display"] = "block"
    if values.get("display") == "contents":
        for name in _OF_A_BOX & values.keys():
            del values[name]
    boxed = values.get("display") in {"block", "inline-block", "list-item", "flex", "grid", "flow-root"}
    effects = {
        UNKNOWN if not boxed and name in _OF_BOXES and values[name] == HIDE else values[name]
        for name in EFFECTS
        if name in values and (name != "clip" or out_of_flow)
    }
    placed, sized = _placed(values), _clipped(element, values)
    gone = gone or HIDE in effects or HIDE in (placed, sized)
    doubtful = doubtful or UNKNOWN in effects or UNKNOWN in (placed, sized) or (out_of_flow and parent.clipped)
    if gone and not doubtful:
        return replace(parent, gone=True)
    visibility, opacity = values.get("visibility"), values.get("opacity")
    sight = replace(
        parent,
        doubtful=doubtful,
        visible=parent.visible if visibility is None else visibility == "visible",
        opacity=parent.opacity * (min(max(opacity, 0.0), 1.0) if isinstance(opacity, float) else 1.0),
        moved=parent.moved or out_of_flow or _is_moved(values),
        rtl=values.get("direction", "rtl" if parent.rtl else "ltr") == "rtl",
        clipped=parent.clipped or values.get("overflow", "visible") != "visible",
        shadow=parent.shadow if "text-shadow" not in values else values["text-shadow"] != "none",
    )
    return _painted(_lettered(sight, parent, element, values, table_colour=table_colour), element, values)


def _is_moved(values: dict[str, Value]) -> bool:
    offset = values.get("position", "static") != "static" and any(
        values.get(side) not in {None, "auto", 0.0} for side in _SIDES
    )
    return offset or any(values.get(name) == UNKNOWN for name in _MOVING)


def disturbs(values: dict[str, Value]) -> bool:
    """Tell whether a margin may take the words beside the element out of sight."""
    return any(values.get(name) == UNKNOWN for name in _MOVING if name.startswith("margin"))


def _of_an_own_font(values: dict[str, Value], own_fonts: set[str]) -> bool:
    family = values.get("font-family")
    return bool(own_fonts) and isinstance(family, str) and any(each in family for each in own_fonts)


def _pixels(value: Value) -> float | None:
    """Return about how many pixels a length is; None where that depends on a layout."""
    if isinstance(value, float):
        return value
    if isinstance(value, tuple) and value[0] == "em":
        return float(value[1]) * 16
    if isinstance(value, tuple) and value[0] == "%" and value[1] == 0:
        return 0.0
    return None


def _placed(values: dict[str, Value]) -> str:
    """Judge a box that was moved out of its place."""
    if values.get("position", "static") == "static":
        return OK
    worst = OK
    for side in _SIDES:
        value = values.get(side)
        if value in {None, "auto"}:
            continue
        moved = _pixels(value)
        if moved is None:
            worst = UNKNOWN if worst == OK and not (isinstance(value, tuple) and abs(value[1]) <= 60) else worst  # noqa: PLR2004
            continue
        away = -moved if side in {"left", "top"} else moved
        if away >= _FAR:
            return HIDE
        if abs(moved) > 20 and (away > 0 or moved > _FAR):  # noqa: PLR2004
            worst = UNKNOWN
    return worst


def _clipped(element: Element, values: dict[str, Value]) -> str:
    """Judge a box that cuts off what does not fit into it."""
    clips = str(values.get("overflow", "visible"))
    if values.get("display") == "inline":
        return OK
    if clips.split() in (["visible"], ["visible", "visible"]):
        return _overflowing(values)
    if element.tag in {"html", "body"}:
        decided = element.tag == "html" or _pixels(values.get("height")) is None
        return OK if decided else UNKNOWN
    worst = OK
    for name in _SIZES:
        if name not in values or (name == "height" and values.get("display") in _NO_HEIGHT):
            continue
        worst = max(worst, _cut_off(element, values, name), key=_GRAVITY.index)
    return worst


def _cut_off(element: Element, values: dict[str, Value], name: str) -> str:
    """Judge one size of a box that cuts off."""
    room = _pixels(values[name])
    if room is None:
        return UNKNOWN if values[name] == UNKNOWN else OK
    tall = "height" in name
    if room < _SLIM:
        floor = _pixels(values.get("min-height" if tall else "min-width", 0.0))
        none = floor == 0 and values.get("display") not in _CELLS and not _is_padded(element, values)
        return HIDE if none else UNKNOWN
    return OK if _fits(element, room, tall=tall, wraps="nowrap" not in str(values.get("white-space"))) else UNKNOWN


def _overflowing(values: dict[str, Value]) -> str:
    """Judge a box that words leave: those may lie below what stands beside it."""
    rooms = [_pixels(values.get(name)) for name in _SIZES]
    small = any(room is not None and room < _ROOMY for room in rooms)
    return UNKNOWN if small and values.get("display") not in _NO_HEIGHT else OK


def _is_padded(element: Element, values: dict[str, Value]) -> bool:
    """Tell whether words may show in the padding of a box without room."""
    return element.tag in {"td", "th", "button"} or any(
        value == "some" for name, value in values.items() if name.startswith("padding")
    )


def _fits(element: Element, room: float, *, tall: bool, wraps: bool) -> bool:
    """Tell whether words surely fit into so many pixels."""
    if "auto" in element.attributes.get("style", "") and room >= 5 * _ROOMY:
        return True
    length = len(" ".join(element.words().split()))
    if tall:
        return room >= 16 + 24 * (length // 40) and not any(
            each.attributes.get("style") or each.tag in {"br", "p", "img"} for each in element.descendants()
        )
    return room >= (60 if wraps else length * 12)


def _lettered(
    sight: Sight, parent: Sight, element: Element, values: dict[str, Value], *, table_colour: Colour | None
) -> Sight:
    """Return the sight with the colour and the size of the element's letters."""
    looks = set(parent.looks)
    if table_colour and element.tag == "table":
        looks.add(Look(table_colour, 16.0))
    fill = parent.fill
    filled = values.get("fill")
    if filled is not None:
        fill = None if filled == "currentcolor" else filled
    lettered = {_letter(look, values.get("color"), values.get("font-size")) for look in looks}
    return replace(sight, looks=frozenset(lettered), fill=fill)


def _letter(look: Look, colour: Value, size: Value) -> Look:
    if isinstance(colour, tuple):
        look = replace(look, colour=colour)
    if isinstance(size, tuple):
        return replace(look, size=look.size * float(size[1]), exact=look.exact and size[1] >= 1)
    return replace(look, size=size, exact=True) if isinstance(size, float) else look


def _painted(sight: Sight, element: Element, values: dict[str, Value]) -> Sight:
    """Return the sight with what lies behind the element's words."""
    display = values.get("display", "inline")
    grounds, outer, all_grounds = sight.grounds, sight.outer, sight.all_grounds
    if values.get("float", "none") != "none" or (
        element.attributes.get("align", "").casefold() in {"left", "right"} and element.tag == "table"
    ):
        grounds |= outer
    if values.get("position", "static") in {"absolute", "fixed", "relative", "sticky"} and any(
        values.get(side) not in {None, "auto", 0.0} for side in _SIDES
    ):
        grounds |= all_grounds
    own = values.get("background-color")
    if own == "currentcolor":
        own = next(iter(sight.looks)).colour
    if values.get("background-image", "none") not in {"none", "remote"}:
        sight = replace(sight, doubtful=True)
    elif values.get("background-image") == "remote":
        sight = replace(sight, shadow=True)
    if isinstance(own, tuple) and own[3] > 0:
        laid = frozenset(colours.over(own, each) for each in grounds)
        grounds = laid if _covers(element, values) else grounds | laid
        if own[3] == 1 and values.get("background-image", "none") == "none":
            sight = replace(sight, shadow=values.get("text-shadow", "none") != "none")
    if display in _CELLS:
        outer = grounds
    return replace(sight, grounds=grounds, outer=outer | grounds, all_grounds=all_grounds | grounds)


def _covers(element: Element, values: dict[str, Value]) -> bool:
    """Tell whether the element's background surely lies behind all of its words."""
    display = values.get("display", "inline")
    if display == "contents":
        return False
    if display == "inline":
        return not any(
            each.tag in {"div", "p", "table", "ul", "ol", "h1", "h2", "h3"} or "style" in each.attributes
            for each in element.descendants()
        )
    if display in _NO_HEIGHT:
        return True
    for name in _SIZES:
        room = _pixels(values.get(name))
        if room is not None and not _fits(element, room, tall="height" in name, wraps=True):
            return False
    return True
