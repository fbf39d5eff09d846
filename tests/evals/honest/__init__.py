"""Legitimate calls of both vendors, generated: none may be refused."""

from evals.honest.calls import Honest, generated
from evals.honest.measure import Heard, measure

__all__ = ["Heard", "Honest", "generated", "measure"]
