"""Assignment as a whole: the agent, the queues and `assigneeType` go together, or the call is refused."""

from typing import Final

from case_tools.adapter.messages import Json
from case_tools.adapter.names import plain
from case_tools.adapter.parsing import text_of
from case_tools.adapter.search import NOBODY
from case_tools.vendors.kore.choices import wrong_choice

NO_AGENT: Final[Json] = {}
"""How no agent is sent: a guess, the shape in which the vendor's samples show that nobody is assigned."""

_IDS: Final = ("aId", "agentId")


def whole_assignment(asked: Json, *, tool: str) -> Json:
    """Return the body with all that an assignment needs, whichever part of it was asked for.

    To an agent: `assigneeType` becomes `agent`. To queues: it becomes `queues`, and the agent is removed. To
    nobody (`currAssignee` is `nobody` or `unassigned`, or `assigneeType` is `unassigned`): the agent is removed.
    What is given together stays as it was given.

    Raises:
        Rejected: the type names an agent or a queue, and none is given; or the agent is given with the type
            `unassigned`.
    """
    agent, queues, kind = asked.get("currAssignee"), asked.get("queues"), plain(text_of(asked.get("assigneeType")))
    to_nobody = is_nobody(agent)
    if kind == "agent" and (agent is None or to_nobody):
        raise wrong_choice(tool, "assigneeType", "is agent, and no agent is given: give currAssignee as well.")
    if kind == "queues" and not queues:
        argument = "assigneeType" if queues is None else "queues"
        raise wrong_choice(tool, argument, "says to move to a queue, and names none: give the queue's name.")
    if kind == "unassigned" and agent is not None and not to_nobody:
        raise wrong_choice(tool, "assigneeType", "is unassigned, and an agent is given: give one of the two.")
    if to_nobody or kind == "unassigned":
        return {**asked, "currAssignee": NO_AGENT, **_type(asked, "queues" if queues else "unassigned")}
    if agent is not None:
        return {**asked, **_type(asked, "agent")}
    if queues:
        return {**asked, "currAssignee": NO_AGENT, **_type(asked, "queues")}
    return asked


def is_nobody(agent: object) -> bool:
    """Say whether an agent that was given stands for nobody."""
    if not isinstance(agent, dict) or any(text_of(agent.get(key)) for key in _IDS):
        return False
    return plain(text_of(agent.get("name"))) in NOBODY


def _type(asked: Json, kind: str) -> Json:
    return {} if "assigneeType" in asked else {"assigneeType": kind}
