"""What every tool's arguments share: a strict model that takes what real clients send.

That is null for everything left out, JSON in a string where an object or a list belongs, a bare word for a name or
for a list of one, `_id` for `id`, epoch milliseconds for a date. What cannot be understood is rejected with the
argument's name and a hint (see `rejections.py`); nothing is dropped.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from case_tools.adapter.rejections import TOO_DEEP, ExplainedModel, path_of, problem_of, rejected
from case_tools.errors import Problem
from case_tools.untrusted import has_lone_surrogate, our_mark_in

INJECTED_BY_HOSTS: Final[Mapping[str, str]] = {
    "wait_for_previous": "Gemini CLI adds it to every tool",
    "toolCallId": "n8n's agent passes its own call along",
    "sessionId": "n8n's chat trigger",
    "chatInput": "n8n's chat trigger",
    "action": "n8n's chat trigger",
    "runtime": "LangChain's ToolRuntime",
    "random_string": "Cursor and Windsurf, for tools without required arguments",
}
"""Arguments that hosts are known to add to every tool, and which; they are for the host, not for us."""

_ID_SHAPED: Final = re.compile(r"(?=.*\d)[a-z]{1,9}-[0-9A-Za-z]{4,}(-[0-9A-Za-z]+)+")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_EARLIEST_EPOCH_MS: Final = 10**11
_LATEST_EPOCH_MS: Final = 253_402_300_799_999
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_DEPTH: Final = 32
_LARGEST_NUMBER: Final = 2**63 - 1
_HAS_A_MARK: Final = (
    "has `{}`, which stands only in what this server shows, where words were cut or made inert: "
    "give the original words, e.g. https://shop.example, or leave the field out to keep what is there."
)


class Missing(ValueError):
    """A group of arguments of which one is needed was left out.

    Attributes:
        arguments: them, the one to ask for first.
    """

    def __init__(self, message: str, *arguments: str) -> None:
        super().__init__(message)
        self.arguments = arguments


class Arguments(ExplainedModel):
    """The base of every model that a caller fills."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
        allow_inf_nan=False,
        populate_by_name=True,
    )

    bare_id_is: ClassVar[str] = "id"
    """The field that a bare id stands for."""

    @classmethod
    def parse(cls, arguments: Mapping[str, object] | None, *, tool: str) -> Self:
        """Return the arguments checked.

        Raises:
            Rejected: with every invalid argument.
        """
        known = cls._without_what_hosts_add(arguments or {})
        for filler in cls.fillers_in(known):
            del known[filler]
        problems = [Problem(argument=path_of(place), message=message) for place, message in _unsendable(known)]
        if problems:
            raise rejected(tool, problems)
        try:
            return cls.model_validate(known)
        except ValidationError as error:
            raise rejected(
                tool, [problem_of(cls, dict(each)) for each in error.errors(include_url=False)]
            ) from None
        except RecursionError:
            raise rejected(tool, [Problem(argument=tool, message=TOO_DEEP)]) from None

    @classmethod
    def fillers_in(cls, arguments: Mapping[str, object] | None) -> Sequence[str]:
        """Return the empty arguments of a client that is forced to give every one; they count as not given.

        Strict modes make a model fill in all optional arguments; beside a real change an empty list would clear.
        """
        known = cls._without_what_hosts_add(arguments or {})
        optional = [name for name, field in cls.model_fields.items() if not field.is_required()]
        if not all(name in known for name in optional):
            return ()
        return [name for name in optional if known[name] is False or known[name] in ([], {}, "")]

    @classmethod
    def _without_what_hosts_add(cls, arguments: Mapping[str, object]) -> dict[str, object]:
        own = cls.model_fields
        return {key: value for key, value in arguments.items() if key in own or key not in INJECTED_BY_HOSTS}

    @model_validator(mode="before")
    @classmethod
    def _take_what_clients_send(cls, given: object) -> object:
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
        yield place[:1], TOO_DEEP
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
        yield _HAS_A_MARK.format(mark)
