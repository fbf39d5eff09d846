"""What every tool's arguments share: a strict model behind a lenient door.

The door takes what real clients send: null for everything left out, JSON in a string where an object or a
list belongs, a bare word for a name or for a list of one, `_id` for `id`, epoch milliseconds for a date.
What it cannot understand is refused with the argument's name and the way to mend it; nothing is dropped.
"""

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Self, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from case_tools.characters import has_lone_surrogate
from case_tools.errors import Problem, Rejected
from case_tools.text import line, our_mark_in

INJECTED_BY_HOSTS: Final = frozenset({"wait_for_previous"})
"""Arguments that hosts are known to add to every tool (Gemini CLI); they are for the host, not for us."""

_ID_SHAPED: Final = re.compile(r"(?=.*\d)[a-z]{1,9}-[0-9A-Za-z]{4,}(-[0-9A-Za-z]+)+")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_EARLIEST_EPOCH_MS: Final = 10**11
_LATEST_EPOCH_MS: Final = 253_402_300_799_999
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_DEPTH: Final = 32
_LARGEST_NUMBER: Final = 2**63 - 1
_BEARS_A_MARK: Final = (
    "bears `{}`, which stands only in what this server shows, where words were cut or made inert: "
    "give the original words, e.g. https://shop.example, or leave the field out to keep what is there."
)
_TOO_DEEP: Final = "holds values nested too deeply."


class Missing(ValueError):
    """A group of arguments of which one is needed was left out.

    Attributes:
        arguments: them, the one to ask for first.
    """

    def __init__(self, message: str, *arguments: str) -> None:
        super().__init__(message)
        self.arguments = arguments


class Arguments(BaseModel):
    """The base of every model that a caller fills."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
        populate_by_name=True,
    )

    bare_word_is: ClassVar[str | None] = None
    """The field that a bare word stands for: `"Resolved"` for `{"name": "Resolved"}`."""

    bare_id_is: ClassVar[str] = "id"
    """The field that a bare id stands for."""

    other_words: ClassVar[Mapping[str, str]] = {}
    """What callers say for a field: `title` for `name`. Used in errors only."""

    @classmethod
    def parse(cls, given: Mapping[str, object] | None, *, tool: str) -> Self:
        """Return the arguments checked.

        Raises:
            Rejected: with every argument that needs mending.
        """
        known = {key: value for key, value in (given or {}).items() if key not in INJECTED_BY_HOSTS}
        problems = [Problem(argument=_path(place), message=message) for place, message in _unsendable(known)]
        if problems:
            raise _rejected(tool, problems)
        try:
            return cls.model_validate(known)
        except ValidationError as error:
            raise _rejected(
                tool, [_problem(cls, dict(each)) for each in error.errors(include_url=False)]
            ) from None
        except RecursionError:
            raise _rejected(tool, [Problem(argument=tool, message=_TOO_DEEP)]) from None

    @model_validator(mode="before")
    @classmethod
    def _open_the_door(cls, given: object) -> object:
        if isinstance(given, str):
            given = cls._from_word(given.strip())
        if not isinstance(given, Mapping):
            return given
        named = {key: value for key, value in given.items() if not cls._is_filler(value)}
        if "_id" in named and "id" in cls.model_fields:
            own_id = named.pop("_id")
            if named.setdefault("id", own_id) != own_id:
                raise ValueError("has both `id` and `_id`, and they differ: give `id` alone.")
        return named

    @classmethod
    def _from_word(cls, word: str) -> object:
        if word.startswith("{"):
            return _from_json(word)
        if word.startswith("[") and isinstance(several := _from_json(word), list):
            return several
        if cls.bare_word_is is None or not word:
            return word
        return {cls.bare_id_is if _ID_SHAPED.fullmatch(word) else cls.bare_word_is: word}

    @classmethod
    def _is_filler(cls, value: object) -> bool:
        """Tell whether the value is what clients send for what was not given."""
        return value is None


class Part(Arguments):
    """An object inside the arguments: an empty text in it counts as not given, and something must be."""

    @classmethod
    def _is_filler(cls, value: object) -> bool:
        return value is None or (isinstance(value, str) and not value.strip())

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("is empty: leave it out, or say what it is to be.")
        return self


def _from_json(text: str) -> object:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    for _, message in _unsendable(value):
        raise ValueError(message)
    return value


def _as_list(given: object) -> object:
    if isinstance(given, str):
        word = given.strip()
        if word.startswith("["):
            return _from_json(word)
        if word.startswith("{") and isinstance(one := _from_json(word), Mapping):
            return [one]
        if "," in word:
            raise ValueError('must be a list, e.g. ["one", "two"]; write one text with a comma as ["one, two"].')
        return [word] if word else given
    return [given] if isinstance(given, Mapping) else given


def _as_prose(given: object) -> object:
    """Take a sentence for a list of one; it may hold commas."""
    return [given] if isinstance(given, str) and not given.lstrip().startswith("[") else _as_list(given)


def _as_object(given: object) -> object:
    return _from_json(given.strip()) if isinstance(given, str) else given


def _as_moment(given: object) -> object:
    if isinstance(given, datetime):
        return _in_utc(given)
    if isinstance(given, str) and _NUMBER.fullmatch(given.strip()):
        given = float(given) if "." in given else int(given.strip()[:20])
    if isinstance(given, bool) or not isinstance(given, str | int | float):
        raise ValueError("must be a date and time with an offset, e.g. 2026-09-04T14:15:00Z.")
    if not isinstance(given, str):
        if not _EARLIEST_EPOCH_MS <= given <= _LATEST_EPOCH_MS:
            raise ValueError("is a number, but not of milliseconds since 1970: write e.g. 2026-09-04T14:15:00Z.")
        return _EPOCH + timedelta(milliseconds=int(given))
    return _from_iso(given.strip())


def _from_iso(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            "is not a date that can be read: write it as 2026-09-04T14:15:00Z or 2026-09-04T14:15:00+02:00."
        ) from None
    return _in_utc(moment)


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        form = moment.isoformat(timespec="seconds")
        raise ValueError(f"has no offset: write {form}Z for UTC, or the customer's own offset, e.g. {form}+02:00.")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("lies outside the calendar: write e.g. 2026-09-04T14:15:00Z.") from None


def iso(moment: datetime) -> str:
    """Return the moment as the vendors write it: UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def epoch_ms(moment: datetime) -> int:
    """Return the moment as whole milliseconds since 1970."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def _as_email(given: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", given):
        raise ValueError("must be an e-mail address, e.g. jane.roe@example.com. Ask the customer.")
    return given


def _no_truth_value(given: object) -> object:
    if isinstance(given, bool):
        raise ValueError("must be a whole number.")
    return given


_MOMENT_SCHEMA: Final = WithJsonSchema({"type": "string"})

Text = Annotated[str, StringConstraints(min_length=1)]
IsoMoment = Annotated[datetime, BeforeValidator(_as_moment), PlainSerializer(iso, return_type=str), _MOMENT_SCHEMA]
EpochMoment = Annotated[
    datetime, BeforeValidator(_as_moment), PlainSerializer(epoch_ms, return_type=int), _MOMENT_SCHEMA
]
Email = Annotated[Text, AfterValidator(_as_email)]
WholeNumber = Annotated[int, BeforeValidator(_no_truth_value)]
Texts = Annotated[list[Text], BeforeValidator(_as_list)]
Key = Annotated[str, StringConstraints(strip_whitespace=False)]
Object = Annotated[dict[Key, Any], BeforeValidator(_as_object)]
OBJECT_SCHEMA: Final = {"type": "object"}
Objects = Annotated[
    list[Any], BeforeValidator(_as_list), WithJsonSchema({"type": "array", "items": OBJECT_SCHEMA})
]
ListOf = BeforeValidator(_as_list)
ProseOf = BeforeValidator(_as_prose)


def _unsendable(value: object, place: tuple[object, ...] = ()) -> Iterator[tuple[tuple[object, ...], str]]:
    """Yield where something stands that cannot be sent as the caller means it, and what is wrong with it."""
    if isinstance(value, str):
        yield from ((place, message) for message in _unsendable_words(value))
    elif isinstance(value, int | float):
        if not abs(value) <= _LARGEST_NUMBER:  # NaN is not, either
            yield place, "is no number that can be sent."
    elif len(place) > _MAX_DEPTH:
        yield place[:1], _TOO_DEEP
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from ((place, message) for _, message in _unsendable(str(key)))
            yield from _unsendable(inner, (*place, key))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _unsendable(inner, (*place, index))


def _unsendable_words(text: str) -> Iterator[str]:
    if has_lone_surrogate(text):
        yield "holds half of a character (a lone surrogate): write it anew."
    if mark := our_mark_in(text):
        yield _BEARS_A_MARK.format(mark)


def _rejected(tool: str, problems: list[Problem]) -> Rejected:
    count = "one argument needs" if len(problems) == 1 else f"{len(problems)} arguments need"
    return Rejected(
        f"{tool} was not sent: {count} mending.",
        problems=problems,
        next_step=f"Mend that and call {tool} again.",
    )


def _path(place: tuple[object, ...]) -> str:
    return ".".join(line(str(part), 40) for part in place) or "arguments"


_WANTED: Final[Mapping[str, str]] = {
    "string_type": "must be a text.",
    "string_too_short": "is empty: give a text, or leave it out to keep what is there.",
    "bool_type": "must be true or false.",
    "bool_parsing": "must be true or false.",
    "int_type": "must be a whole number.",
    "int_parsing": "must be a whole number.",
    "int_from_float": "must be a whole number.",
    "int_parsing_size": "is a number too large.",
    "list_type": 'must be a list, e.g. ["one", "two"].',
    "dict_type": "must be an object.",
    "float_type": "must be a number.",
    "float_parsing": "must be a number.",
    "finite_number": "must be a number.",
    "recursion_loop": _TOO_DEEP,
}


def _problem(model: type[Arguments], error: dict[str, Any]) -> Problem:
    place: tuple[object, ...] = error["loc"]
    kind, context = error["type"], error.get("ctx", {})
    owner = _owner(model, place)
    missing: tuple[str, ...] = (_path(place),) if kind == "missing" else ()
    if kind == "missing":
        message = f"is missing. {_meaning(owner, place)}"
    elif kind == "extra_forbidden":
        message = f"is not known here{_nearest(owner, str(place[-1]))}"
    elif kind == "value_error":
        message = str(context["error"])
        missing = getattr(context["error"], "arguments", ())
    elif kind in {"greater_than_equal", "less_than_equal"}:
        bound = context.get("ge", context.get("le"))
        message = f"must be at {'least' if kind == 'greater_than_equal' else 'most'} {bound}."
    elif kind == "string_too_long":
        message = f"is too long: at most {context['max_length']} characters."
    elif kind == "literal_error":
        message = f"must be {context['expected']}."
    elif kind == "model_type":
        message = f"must be an object{_example(_model_of(owner, place))}."
    else:
        message = _WANTED.get(kind, f"has the wrong form. {_meaning(owner, place)}")
    return Problem(argument=_path(place), message=message, missing=missing)


def _owner(model: type[Arguments], place: tuple[object, ...]) -> type[Arguments]:
    """Return the model in which the last name of the place is, or would be, a field."""
    names = [part for part in place if isinstance(part, str)]
    for name in names[:-1]:
        model = _model_of(model, (name,)) or model
    return model


def _model_of(model: type[Arguments], place: tuple[object, ...]) -> type[Arguments] | None:
    """Return the model that the named field holds, alone or in a list."""
    names = [part for part in place if isinstance(part, str)]
    field = model.model_fields.get(names[-1]) if names else None
    return next(_models_in(field.annotation), None) if field else None


def _models_in(annotation: object) -> Iterator[type[Arguments]]:
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, Arguments):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _meaning(owner: type[Arguments], place: tuple[object, ...]) -> str:
    field = owner.model_fields.get(str(place[-1])) if place else None
    return (field.description or "") if field else ""


def _example(model: type[Arguments] | None) -> str:
    if model is None:
        return ""
    return f', e.g. {{"{model.bare_word_is}": "…"}}' if model.bare_word_is else ""


def _nearest(owner: type[Arguments], name: str) -> str:
    known = list(owner.model_fields)
    by_word = {field.casefold(): field for field in known} | dict(owner.other_words)
    match = difflib.get_close_matches(name.casefold().lstrip("_"), list(by_word), n=1, cutoff=0.6)
    if match and by_word[match[0]] in known:
        return f": did you mean `{by_word[match[0]]}`?"
    return f"; known are {', '.join(known)}."
