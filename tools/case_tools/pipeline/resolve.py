"""Names and references to ids: from memory, else by one search at most."""

from dataclasses import replace
from typing import Any

from case_tools.adapter.messages import Operation, Resolved, Response
from case_tools.adapter.names import NameRef
from case_tools.adapter.tool import Tool
from case_tools.adapter.vendor import Vendor
from case_tools.errors import CallerError, CaseError, UnexpectedAnswer
from case_tools.pipeline.invocation import Built, Invocation
from case_tools.pipeline.learn import Learner
from case_tools.transport.call import Call
from case_tools.transport.retry import RetryingClient


class Resolver:
    """Resolves what the arguments of a call name.

    Args:
        vendor: knows how a name is searched for.
        client: sends the search.
        learner: learns what it shows.

    Attributes:
        learner: the names that are known.
    """

    def __init__(self, vendor: Vendor, client: RetryingClient, learner: Learner) -> None:
        self._vendor = vendor
        self._client = client
        self.learner = learner

    def from_memory(self) -> Resolved:
        """Return what is known without a search."""
        return Resolved(names=self.learner.names)

    def build_from_memory(self, invocation: Invocation) -> Built | None:
        """Return the request as far as it can be built without a search; None where it cannot."""
        resolved = self.from_memory()
        try:
            request = invocation.tool.build_request(invocation.arguments, resolved)
        except CaseError:
            return None
        return Built(invocation=invocation, resolved=resolved, request=request)

    async def build(self, invocation: Invocation) -> Built:
        """Return the request, after one search for the first name that is not known.

        Raises:
            CaseError: a name is unknown, ambiguous or misspelled, or the desk cannot be searched.
        """
        tool, arguments = invocation.tool, invocation.arguments
        resolved = self.from_memory()
        for name in tool.names_needed(arguments):
            if name.afresh or not await self.learner.is_settled(name):
                resolved = await self._search(name, tool, invocation.call)
                break
        return Built(invocation=invocation, resolved=resolved, request=tool.build_request(arguments, resolved))

    async def look(self, invocation: Invocation) -> Resolved:
        """Return what is known with what the desk shows now of the case or task that is addressed.

        Raises:
            CaseError: the desk cannot be searched.
        """
        tool = invocation.tool
        if tool.address is None:
            return self.from_memory()
        address = replace(tool.address.of(invocation.arguments), afresh=True)
        return await self._search(address, tool, invocation.call)

    def reference(self, kind: str, name_or_id: str) -> str:
        """Return the reference that people use for what an id stands for, where it is known."""
        found = self.learner.names.find(kind, name_or_id)
        return found[0].name if len(found) == 1 else name_or_id

    async def _search(self, name: NameRef, tool: Tool[Any], call: Call) -> Resolved:
        lookup = self._vendor.lookup(replace(name, name=self.reference(name.kind, name.name)))
        if lookup is None:
            return self.from_memory()

        def parse(response: Response) -> Resolved:
            rows, names = lookup.parse(response, Operation(tool=tool.name))
            self.learner.learn(names)
            return Resolved(names=self.learner.names, rows=rows)

        try:
            resolved = await self._client.send(lookup.request, parse, call, scope="cases:read", effect="read")
        except (CallerError, UnexpectedAnswer):
            if lookup.required:
                raise
            resolved = self.from_memory()
        if not lookup.required:
            self.learner.asked_for(name)
        return resolved
