"""The ways in which models and clients bend a call, each a function from a good call to bent ones.

A mutation yields nothing where it cannot be applied. A bent call that means what the good one means is to be done,
or to be refused in words that teach; one that means something else is to be refused.
"""

from collections.abc import Mapping
from types import FunctionType
from typing import Final

from evals.bending import addresses, clients, dates, names, shapes, values
from evals.bending.bent import Bent, Mutation

__all__ = ["MUTATIONS", "Bent", "Mutation"]

MUTATIONS: Final[Mapping[str, Mutation]] = {
    name: each
    for module in (clients, shapes, names, addresses, dates, values)
    for name, each in vars(module).items()
    if isinstance(each, FunctionType) and each.__module__ == module.__name__ and not name.startswith("_")
}
