"""Dates in every form but the one asked for."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Final

from evals.bending.bent import (
    Bent,
    Json,
    with_value,
)

_ELSEWHERE: Final = timezone(timedelta(hours=-5))


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) and "T" in value else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def _dates(arguments: Json, change: Callable[[datetime], object]) -> Iterator[Bent]:
    for name, value in arguments.items():
        if (moment := _moment(value)) is not None:
            yield with_value(arguments, name, change(moment))
        elif isinstance(value, list) and all(map(_moment, value)):
            yield with_value(arguments, name, [change(datetime.fromisoformat(each)) for each in value])


def epoch_milliseconds(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """As the vendor's own pages write a due date."""
    yield from _dates(arguments, lambda moment: round(moment.timestamp() * 1000))


def epoch_milliseconds_as_text(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """The same from a slot of a dialog engine."""
    yield from _dates(arguments, lambda moment: str(round(moment.timestamp() * 1000)))


def epoch_seconds(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """The other epoch, fifty years away if taken for milliseconds."""
    yield from _dates(arguments, lambda moment: round(moment.timestamp()))


def date_with_another_offset(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """The same instant."""
    yield from _dates(arguments, lambda moment: moment.astimezone(_ELSEWHERE).isoformat())


def date_without_an_offset(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """Whose nine o'clock?"""
    yield from _dates(arguments, lambda moment: moment.replace(tzinfo=None).isoformat())


def day_alone(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """No time at all."""
    yield from _dates(arguments, lambda moment: moment.date().isoformat())


def date_of_a_country(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """Day and month in an order that only a reader knows."""
    yield from _dates(arguments, lambda moment: moment.strftime("%d/%m/%Y %H:%M"))


def date_in_words(_: str, arguments: Json, __: Json) -> Iterator[Bent]:
    """A model leaves the reckoning to the server."""
    yield from _dates(arguments, lambda _: "next Monday at noon")
