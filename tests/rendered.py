"""What a host would make live of a text: judged by a Markdown renderer that knows nothing of our cleaning."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token


class _LaxestHost(MarkdownIt):
    """Takes an address of any scheme for a link."""

    def validateLink(self, url: str) -> bool:  # noqa: N802 - the library's own name
        return bool(url)


_RENDERER: Final = _LaxestHost("commonmark", {"html": True, "linkify": True}).enable(["linkify", "table"])
_USUAL_HOST: Final = MarkdownIt("commonmark", {"linkify": True}).enable(["linkify", "table"])
_HARMLESS_TAG: Final = re.compile(r"<[\w.@+-]+>")
_A_TAG: Final = re.compile(r"</?[A-Za-z][\w:-]*[\s/>]|<[!?]")


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


def disguised(text: str) -> list[str]:
    """Return every image, and every link whose words are not its address, but for addresses of e-mail."""
    return [*_disguised(_USUAL_HOST.parse(text))]


def _disguised(tokens: list[Token]) -> Iterator[str]:
    for place, token in enumerate(tokens):
        yield from _disguised(token.children or [])
        if token.type == "image":
            yield f"image {token.attrs.get('src')}"
        elif token.type == "link_open":
            words = tokens[place + 1].content
            address = str(token.attrs.get("href"))
            if _address(words) != _address(address) and not address.startswith("mailto:"):
                yield f"{words} -> {address}"


def _address(text: str) -> str:
    return unquote(text).casefold().removeprefix("http://").removeprefix("https://").rstrip("/")
