"""Invalid arguments in words: what is wrong with each, and a hint how to fix it."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Final, get_args, get_origin

from pydantic import BaseModel

from case_tools.errors import Problem, Rejected
from case_tools.untrusted import line

_SEPARATOR: Final = re.compile(r"[\s_-]+")
_NEAR: Final = 0.75
TOO_DEEP: Final = "holds values nested too deeply."


class ExplainedModel(BaseModel):
    """A model whose errors can be put into words."""

    bare_word_is: ClassVar[str | None] = None
    """The field that a bare word stands for: `"Resolved"` for `{"name": "Resolved"}`."""

    other_words: ClassVar[Mapping[str, str]] = {}
    """What callers say for a field: `title` for `name`, or what to do where there is none. Used in errors only."""


def rejected(tool: str, problems: Sequence[Problem], *, error: type[Rejected] = Rejected) -> Rejected:
    """Return the error for a call with invalid arguments."""
    one = len(problems) == 1
    return error(
        f"{tool} was not sent: {'1 invalid argument' if one else f'{len(problems)} invalid arguments'}.",
        problems=problems,
        next_step=f"Fix {'it' if one else 'them'} and call {tool} again.",
    )


def path_of(place: tuple[object, ...]) -> str:
    """Return where a value stands in the arguments: `notes.0.public`."""
    return ".".join(line(str(part), 40) for part in place) or "arguments"


_MESSAGES: Final[Mapping[str, str]] = {
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
    "recursion_loop": TOO_DEEP,
}


def problem_of(model: type[ExplainedModel], error: dict[str, Any]) -> Problem:
    """Return what is wrong with one argument, from an error of pydantic's, and a hint how to fix it."""
    place: tuple[object, ...] = error["loc"]
    kind, context = error["type"], error.get("ctx", {})
    owner = _owner(model, place)
    missing: tuple[str, ...] = (path_of(place),) if kind == "missing" else ()
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
        message = _MESSAGES.get(kind, f"has the wrong form. {_meaning(owner, place)}")
    return Problem(argument=path_of(place), message=message, missing=missing)


def _owner(model: type[ExplainedModel], place: tuple[object, ...]) -> type[ExplainedModel]:
    """Return the model in which the last name of the place is, or would be, a field."""
    names = [part for part in place if isinstance(part, str)]
    for name in names[:-1]:
        model = _model_of(model, (name,)) or model
    return model


def _model_of(model: type[ExplainedModel], place: tuple[object, ...]) -> type[ExplainedModel] | None:
    """Return the model that the named field holds, alone or in a list."""
    names = [part for part in place if isinstance(part, str)]
    field = model.model_fields.get(names[-1]) if names else None
    return next(_models_in(field.annotation), None) if field else None


def _models_in(annotation: object) -> Iterator[type[ExplainedModel]]:
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, ExplainedModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _meaning(owner: type[ExplainedModel], place: tuple[object, ...]) -> str:
    field = owner.model_fields.get(str(place[-1])) if place else None
    return (field.description or "") if field else ""


def _example(model: type[ExplainedModel] | None) -> str:
    if model is None:
        return ""
    return f', e.g. {{"{model.bare_word_is}": "…"}}' if model.bare_word_is else ""


def _nearest(owner: type[ExplainedModel], name: str) -> str:
    """Return what was probably meant: by meaning, else by letters where it really is near."""
    known = list(owner.model_fields)
    word = _SEPARATOR.sub("", name.casefold())
    by_word = {_SEPARATOR.sub("", other.casefold()): field for other, field in owner.other_words.items()}
    by_word |= {_SEPARATOR.sub("", field.casefold()): field for field in known}
    near = [word] if word in by_word else difflib.get_close_matches(word, list(by_word), n=1, cutoff=_NEAR)
    meant = by_word[near[0]] if near else ""
    if meant in known:
        return f": did you mean `{meant}`?"
    return f": {meant}" if " " in meant else f"; known are {', '.join(known)}."
