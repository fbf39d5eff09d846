"""What a vendor must be."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from case_tools.adapter.messages import Lookup, TokenGrant
from case_tools.adapter.names import NameRef
from case_tools.adapter.tool import Scope, Tool


class Vendor(Protocol):
    """A case system as the pipeline sees it: its tools, and how its requests are signed; awaits nothing."""

    @property
    def url(self) -> str:
        """Scheme, host and port, without a path."""

    @property
    def identity(self) -> str:
        """Which account of which desk this is, in the state."""

    @property
    def tools(self) -> Mapping[str, Tool[Any]]:
        """The tools by name, in the order in which they are listed."""

    @property
    def choices(self) -> Mapping[str, Sequence[str]]:
        """Names that the interface itself fixes, by kind, e.g. `status`."""

    @property
    def renews_credentials(self) -> bool:
        """Whether newer credentials can be sent after a 401; False where the same would be refused again."""

    def prepare(self) -> None:
        """Do what is slow and needed once, such as parsing a private key; called in a thread before any request.

        Raises:
            ConfigurationError: the key cannot be read, or does not fit the algorithm.
        """

    def find_case(self, ref: str) -> Mapping[str, object]:
        """Return the arguments of search_cases that find one case by its reference."""

    def canonical_ref(self, ref: str) -> str:
        """Return a case's reference or id in the one form in which they are compared."""

    def headers(self) -> dict[str, str]:
        """Return the headers of one HTTP attempt, freshly signed where the vendor signs each."""

    def token_grant(self, scope: Scope) -> TokenGrant | None:
        """Return how a token for a scope is requested; None where requests carry no access token."""

    def lookup(self, name: NameRef) -> Lookup | None:
        """Return the search that may find what a name stands for; None where the vendor has none."""
