"""Addresses in text that others wrote: in plain sight they stay usable, and words never hide one.

`plain` leaves an address as it is written. Markdown that would put words over an address, an image or a tag that
fetches loses the one character sequence that makes it live. `inert` breaks every address besides.
"""

import re
from typing import Final

_IMAGE: Final = re.compile(r"!\[([^\[\]\n]{0,300})\]\(([^()\n]{0,2000})\)")
_OPENS_IMAGE: Final = re.compile(r"!(?=\[)")
_OPENS_LINK: Final = re.compile(r"\](?=[(\[:])")
_FETCHING_TAG: Final = re.compile(
    r"<(?=/?(?:a|area|audio|base|body|button|embed|form|frame|iframe|image|img|input|link|math|meta|object|source"
    r"|style|svg|table|td|track|video)\b[^<>]{0,2000}?[\s/\"'](?:on\w+|(?:xlink:)?href|src|srcset|action|formaction"
    r"|data|poster|background|content|style)\s*=)",
    re.IGNORECASE,
)
_HANDLER: Final = re.compile(r"<(?=[a-z][^\s<>]{0,60}[\s/][^<>]{0,2000}?\bon\w+\s*=)", re.IGNORECASE)
_SCRIPT: Final = re.compile(
    r"(?<![\w.-])(javascript|vbscript|livescript|mocha|file|blob|filesystem|view-source|jar|ms-\w+|search-ms|intent)"
    r"[ \t]?:(?=\S)|(?<![\w.-])(data):(?=[\w.+-]*[/;,])",
    re.IGNORECASE,
)
SCRIPT_SCHEMES: Final = re.compile(
    r"[\s\x00-\x20]*(?:javascript|vbscript|data|file|blob|livescript|mocha)\s*:", re.IGNORECASE
)

_COLON: Final = re.compile(
    r"(?<=[A-Za-z0-9+.-]):(?=[/\\])|(?<=\bhttp):(?=\S)|(?<=\bhttps):(?=\S)|(?<=\bftp):(?=\S)", re.IGNORECASE
)
_SLASHES: Final = re.compile(r"(?<=[/\\])(?=[/\\])")
_MAIL: Final = re.compile(r"(?<![\w.+/\\:@-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+(?![\w@/\\?#:=%]|-)")
_DOT: Final = re.compile(
    r"(?<=\w)[.\u3002\uff0e\uff61](?=(?:xn--)?[^\W\d_][\w-])|(?<=\w)[.\u3002\uff0e\uff61](?=[\w-]+[.:/?#])|(?<=\d)\.(?=\d+[/:?#])"
)
_DOT_OF_ADDRESS: Final = re.compile(r"(?<=[/\\])[^\s/\\]+")
_BRACKET: Final = re.compile(r"\[(?=[^\[\]\n]{0,300}\]\s?[(\[:])")

INERT_MARK: Final = re.compile(r"\[:\](?=[/\\])|(?:https?|ftp)\[:\]|(?<=\w)\[\.\](?=\w)", re.IGNORECASE)


def image(alt: str, address: str) -> str:
    """Return what stands for an image."""
    alt, address = " ".join(alt.split()), " ".join(address.split())
    return " ".join(filter(None, ("image:", alt, f"({address})" if address else "")))


def plain(text: str) -> str:
    """Return the text without markup of Markdown or HTML that would fetch, run, or hide an address."""
    if "[" in text:
        text = _IMAGE.sub(lambda found: image(found[1], found[2]), text)
        text = _OPENS_LINK.sub("] ", _OPENS_IMAGE.sub("! ", text))
    if "<" in text:
        text = _HANDLER.sub("< ", _FETCHING_TAG.sub("< ", text))
    return _SCRIPT.sub(lambda found: f"{found[1] or found[2]} ", text) if ":" in text else text


def inert(text: str) -> str:
    """Return the text with every address broken; those of e-mail stay, as other calls take them."""
    kept, place = [], 0
    for mail in _MAIL.finditer(text):
        kept += [_inert(text[place : mail.start()]), mail.group()]
        place = mail.end()
    return "".join([*kept, _inert(text[place:])])


def _inert(text: str) -> str:
    text = _COLON.sub("[:]", text)
    text = _DOT_OF_ADDRESS.sub(lambda found: re.sub(r"(?<!\[)\.(?!\])", "[.]", found.group()), text)
    return _DOT.sub("[.]", text)
