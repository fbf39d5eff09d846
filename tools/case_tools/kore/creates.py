"""What create_case and create_task read alike from the desk's answer."""

from case_tools.actions import Answer, Reading
from case_tools.kore.answers import no_answer, object_of, record_of, seen_in, text_of
from case_tools.results import Written


def reading(answer: Answer, *, tool: str) -> Reading:
    """Return what the desk's answer to a create says."""
    shown = object_of(answer, tool=tool, writes=True)
    if not text_of(shown.get("_id")):
        raise no_answer(tool, writes=True)
    return Reading(result=Written.of("created", record_of(shown)), seen=seen_in([shown]))
