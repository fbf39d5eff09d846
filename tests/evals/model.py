"""Let a model do the tasks: its words, its calls, and what it left at the desk."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, nan
from statistics import mean
from typing import Final

import httpx

from evals import desk
from evals.access import Access, Unanswered
from evals.apis import Conversation, ToolResult, Turn
from evals.play import Played, Told, call, table
from evals.task import Task

_SYSTEM: Final = """\
You work at a service desk and act through the tools you have. It is now {now}.
{instructions}
Where a fact is missing that you cannot find, ask for it in your answer instead of guessing. When you are done, \
answer in the language of the request and name the references of the cases concerned."""
_NOT_JSON: Final = Told(text="The arguments are no JSON object. Nothing was sent. Give an object.", refused=True)


@dataclass(slots=True)
class Asked(Played):
    """One play by a model.

    Attributes:
        tokens_in: tokens read, as the API counted them.
        tokens_out: tokens written, as the API counted them.
        words: the last answer.
        unmeasured: why the play says nothing about the model; empty where it does.
    """

    tokens_in: int = 0
    tokens_out: int = 0
    words: str = ""
    unmeasured: str = ""

    @property
    def passed(self) -> bool:
        """Whether everything was as the task says."""
        return not self.failures and not self.unmeasured


async def ask(task: Task, access: Access, http: httpx.AsyncClient) -> Asked:
    """Let the model do a task once.

    Raises:
        Refused: the API refuses to answer for good.
    """
    asked = Asked()
    async with table(task) as (client, file):
        before = desk.state(file)
        conversation: Conversation = access.api(
            model=access.model,
            system=_SYSTEM.format(
                now=task.clock.strftime("%A, %d %B %Y, %H:%M UTC"), instructions=client.instructions or ""
            ),
            request=task.request.strip(),
            tools=(await client.list_tools()).tools,
        )
        try:
            while turn := await _turn(task, asked, conversation, access, http):
                results = []
                for each in turn.calls:
                    told = _NOT_JSON if each.arguments is None else await call(client, each.name, each.arguments)
                    results.append(ToolResult(call=each, text=told.text, refused=told.refused))
                    asked.count(each.arguments, told.text)
                conversation.tell(results)
            asked.judge(task, before, file, asked.words)
        except Unanswered as error:
            asked.unmeasured = str(error)
    return asked


async def _turn(
    task: Task, asked: Asked, conversation: Conversation, access: Access, http: httpx.AsyncClient
) -> Turn | None:
    """Return the model's next turn with calls; None once it has answered, or the budget is spent."""
    answer = await access.ask(http, conversation.body())
    try:
        turn = conversation.hear(answer)
    except (KeyError, TypeError, IndexError, AttributeError):
        raise Unanswered("the API answered something that is not of its format") from None
    asked.tokens_in += turn.tokens_in
    asked.tokens_out += turn.tokens_out
    if not turn.calls:
        asked.words = access.hidden(turn.words)
        return None
    if asked.calls + len(turn.calls) > task.budget.calls or asked.tokens > task.budget.tokens:
        asked.failures.append(f"no answer within {task.budget.calls} calls and {task.budget.tokens} tokens")
        return None
    return turn


def pass_to_the(power: int, plays: Sequence[Sequence[Asked]]) -> float:
    """Return pass^k: how likely all of k plays of a task pass, averaged over the tasks.

    It is estimated from n plays of which c passed as C(c, k) / C(n, k).
    """
    shares = [
        comb(sum(each.passed for each in tried), power) / comb(len(tried), power)
        for tried in ([each for each in every if not each.unmeasured] for every in plays)
        if len(tried) >= power
    ]
    return mean(shares) if shares else nan
