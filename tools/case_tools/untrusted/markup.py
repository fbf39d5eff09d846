"""Markup in untrusted text: what it hides is left out, what it makes live is broken, the words stay.

`in_words` takes HTML away and leaves `[…hidden]` where it hid something. `defused` puts in brackets the one
character that makes a link, an image or a tag live: `https[:]//shop[.]example`, `![x][(]…)`, `[<]x onload=…>`.
E-mail addresses stay as they are: they are arguments of other calls.
"""

import html
import re
from html.entities import html5
from typing import Final

HIDDEN: Final = "[…hidden]"
"""Stands where markup hid words from people."""

ANGLES: Final = "\uff1c\ufe64\u2039\xab\u2329\u3008\u27e8\u27ea\u300a"
"""What a reader may take for the angle bracket that begins a tag."""

_NAMES_INLINE: Final = """
a abbr acronym b bdi bdo big blink cite code data del dfn em font i ins kbd label mark nobr q rp rt ruby s samp
small span strike strong sub sup time tt u var wbr
"""
_NAMES_NEVER_SHOWN: Final = "noembed noframes noscript script style template"
_NAMES_VOID: Final = """
area base basefont bgsound br col embed frame hr img input keygen link meta param source track wbr
"""
_NAMES_OTHER: Final = """
address applet article aside audio blockquote body button canvas caption center colgroup datalist dd details dialog
dir div dl dt fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 head header hgroup html iframe
image legend li listing main map marquee math menu meter nav object ol optgroup option output p picture plaintext
pre progress search section select slot summary svg table tbody td textarea tfoot th thead title tr ul video xmp
"""
_INLINE: Final = frozenset(_NAMES_INLINE.split())
_NEVER_SHOWN: Final = frozenset(_NAMES_NEVER_SHOWN.split())
_VOID: Final = frozenset(_NAMES_VOID.split())
_ELEMENTS: Final = _INLINE | _NEVER_SHOWN | _VOID | frozenset(_NAMES_OTHER.split())
_ATTRIBUTES: Final = {"*": {"hidden", "style", "color", "size"}, "a": {"href"}}
_HIDING_STYLE: Final = re.compile(
    r"\\|(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|mso-hide:|clip|color:(?:transparent|white|#f{3,8}\b)"
    r"|opacity:0*\.?0*(?![\d.])|font-size:0*[01]?(?:\.0*)?(?![\d.])|(?:max-)?(?:height|width):0*(?![\d.])"
    r"|(?:left|top|right|text-indent):-\d{3})"
)
_HIDING_COLOR: Final = frozenset({"white", "transparent", "#fff", "#ffffff"})

_REFERENCE: Final = re.compile(
    r"&(?:#0*([0-9]{1,10});?|#[xX]0*([0-9a-fA-F]{1,8});?|([A-Za-z][A-Za-z0-9]{1,31};)|(shy))"
)
_MARKUP: Final = re.compile(
    rf"<(?:!--|(?=[!?/][^<>]*>)(?!/[A-Za-z])|(?=/?(?:{'|'.join(sorted(_ELEMENTS))})(?:[\s/][^<>]*)?>))",
    re.IGNORECASE,
)
_NO_MARKUP: Final = re.compile(rf"(?!{_MARKUP.pattern})<", re.IGNORECASE)
_PARSED: Final = re.compile(
    r"<!--(?s:.*?)-->|<(?P<end>/?)(?P<name>[a-z][a-z0-9]*)(?P<attributes>(?: [a-z]+=\"[^\"]*\")*)>"
)
_ADDRESS: Final = re.compile(r" href=\"([^\"]+)\"")
_TWO_HIDDEN: Final = re.compile(rf"{re.escape(HIDDEN)}(?:\s*{re.escape(HIDDEN)})+")

_OPENS_A_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])(?![\w.@+-]+>)")
_BOUNDARY_ALIKE: Final = re.compile(rf"[<{ANGLES}](?=[\s/]*untrusted)", re.IGNORECASE)
_COLON_OF_A_SCHEME: Final = re.compile(
    r"(?<=[A-Za-z0-9+.-]):(?=[/\\]{2})"
    r"|(?:(?<=\bhttp)|(?<=\bhttps)|(?<=\bftp)|(?<=\bjavascript)|(?<=\bvbscript)):(?=[^\s:])"
    r"|(?<=\bdata):(?=[\w.+-]*[/;,])",
    re.IGNORECASE,
)
_AUTHORITY: Final = re.compile(r"(?<=[/\\][/\\])[^\s/\\?#\"'<>|]+")
_USER_AND_HOST: Final = re.compile(r"(?<=[/\\][/\\])[^\s/\\@]*@[^\s/\\?#]+")
_HOST: Final = re.compile(
    r"(?<![\w.@%&=/\\\]-])(?:www(?:\.[\w-]+)+|(?:[\w-]+\.)+[^\W\d_]{2,24}(?=[/?#]\S|:\d))", re.IGNORECASE
)
_BARE_DOT: Final = re.compile(r"(?<!\[)\.|\.(?!\])")
_PARENTHESES_OF_A_LINK: Final = re.compile(r"(?<=\])\(+")


def decoded(text: str) -> str:
    """Return the text with its character references as characters, one level of them."""
    return _REFERENCE.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    number, hexadecimal, name, soft_hyphen = match.groups()
    if name:
        return html5.get(name, match.group())
    if soft_hyphen:
        return "\xad"
    return html.unescape(f"&#{number};" if number else f"&#x{hexadecimal};")


def in_words(text: str) -> str:
    """Return what a browser would show of the text: without tags, comments and what they hide.

    A name in angle brackets that no HTML has stays, as an e-mail address does.
    """
    if not _MARKUP.search(text):
        return text
    import nh3  # noqa: PLC0415 - few texts hold markup

    parsed = nh3.clean(
        _NO_MARKUP.sub("&lt;", text.replace("&", "&amp;")),
        tags=set(_ELEMENTS),
        clean_content_tags=set(),
        attributes=_ATTRIBUTES,
        attribute_filter=_hides,
        url_schemes={"http", "https", "mailto"},
        strip_comments=False,
        link_rel=None,
    )
    return _TWO_HIDDEN.sub(HIDDEN, html.unescape(_shown(parsed)))


def _hides(_: str, attribute: str, value: str) -> str | None:
    """Return `1` for an attribute that hides its element; of the others an address alone is kept."""
    if attribute == "href":
        return value
    compact = "".join(value.split()).casefold()
    if attribute == "style":
        return "1" if _HIDING_STYLE.search(re.sub(r"/\*.*?\*/", "", compact)) else None
    if attribute == "hidden":
        return "1"
    return "1" if compact in (_HIDING_COLOR if attribute == "color" else {"0", "-7"}) else None


def _shown(parsed: str) -> str:
    """Return the text of HTML that is well formed, with the address behind the words of each link."""
    kept: list[str] = []
    addresses: list[str] = []
    hidden_in, depth, place = "", 0, 0
    for match in _PARSED.finditer(parsed):
        kept.append("" if hidden_in else parsed[place : match.start()])
        place = match.end()
        name, ends = match["name"] or "", bool(match["end"])
        if hidden_in:
            if name == hidden_in and (ends or name not in _NEVER_SHOWN):
                depth += -1 if ends else 1
            hidden_in = hidden_in if depth else ""
        elif not name:
            kept.append(HIDDEN)
        elif not ends and name not in _VOID and (name in _NEVER_SHOWN or '="1"' in match["attributes"]):
            kept.append(HIDDEN)
            hidden_in, depth = name, 1
        elif name == "a":
            kept.append(_address(match, addresses))
        elif name not in _INLINE:
            kept.append("\n")
    return "".join([*kept, "" if hidden_in else parsed[place:]])


def _address(match: re.Match[str], open_links: list[str]) -> str:
    """Return what stands for the start or the end of a link: nothing, or its address in parentheses."""
    if not match["end"]:
        open_links.append("".join(_ADDRESS.findall(match["attributes"])))
        return ""
    address = open_links.pop() if open_links else ""
    return f" ({address})" if address else ""


def defused(text: str) -> str:
    """Return the text in which no link, image or tag is live."""
    text = _OPENS_A_TAG.sub("[<]", text)
    text = _BOUNDARY_ALIKE.sub(_bracketed, text)
    text = _COLON_OF_A_SCHEME.sub("[:]", text)
    for names in (_USER_AND_HOST, _AUTHORITY, _HOST):
        text = names.sub(lambda match: _BARE_DOT.sub("[.]", match.group()), text)
    return _PARENTHESES_OF_A_LINK.sub(_bracketed, text)


def _bracketed(match: re.Match[str]) -> str:
    return "".join(f"[{each}]" for each in match.group())
