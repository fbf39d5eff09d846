"""What a host would make live of a text: judged by a Markdown renderer that knows nothing of our cleaning."""

import re
from collections.abc import Iterator
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token


class _LaxestHost(MarkdownIt):
    """Takes an address of any scheme for a link."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's own name
        return bool(url)


_RENDERER: Final = _LaxestHost("commonmark", {"html": True, "linkify": True}).enable(["linkify", "table"])
_HARMLESS_TAG: Final = re.compile(r"<[\w.@+-]+>")
_A_TAG: Final = re.compile(r"<[A-Za-z/!?]")


def live(text: str) -> list[str]:
    """Return every link, image and tag of the text that is live, but for addresses of e-mail."""
    return [*_of_markdown(_RENDERER.parse(text)), *_of_html(text)]


def _of_markdown(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        yield from _of_markdown(token.children or [])
        address = str(token.attrs.get("href") or token.attrs.get("src") or "")
        if token.type in {"link_open", "image"} and not address.startswith("mailto:"):
            yield f"{token.type} {address}"
        elif token.type == "html_block" or (
            token.type == "html_inline" and not _HARMLESS_TAG.fullmatch(token.content)
        ):
            yield token.content


def _of_html(text: str) -> Iterator[str]:
    for match in _A_TAG.finditer(text):
        if not _HARMLESS_TAG.match(text, match.start()):
            yield text[match.start() :][:40]
