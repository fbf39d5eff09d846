"""Look-alikes of our boundary and of the markers that chat models are trained on, broken wherever they stand."""

import re
import unicodedata
from typing import Final

OPENING: Final = (
    "<\uff1c\ufe64\u2039\xab\u2329\u3008\u27e8\u27ea\u300a\u2329\u276c\u276e\u29fc\u02c2\u1438\u227a\u226a"
)
"""What a reader may take for the angle bracket that begins a tag."""
_CLOSING: Final = ">\uff1e\ufe65\u203a\xbb\u232a\u3009\u27e9\u27eb\u300b\u276d\u276f\u29fd\u02c3\u1433\u227b\u226b"
_BAR: Final = "|\uff5c\xa6\u2502\u2758\u01c0\u2223"

_ALIKE: Final = str.maketrans(
    "абвгдеѕіјкӏорстухуԁԛԝһпмнαβγεηικνορτυχωςսոցհѵıɑɡո\u2010\u2011\u2012\u2013\u2014\u2212\uff0d_ \u00a0",
    "abbrdesijklopctyxydqwhnmhaßyeniknoptuxwcunghviagn----------",
)
_NAMES: Final = (
    r"untrusted|un-?trusted|u[nи]trust"
    r"|system(?:-(?:reminder|prompt|message|instructions?|note|warning))?|assistant|developer|instructions?"
    r"|(?:start|end)-of-(?:turn|text|sentence)|im-(?:start|end|sep)|eot|eos|bos"
    r"|(?:tool|function|antml)[-:](?:calls?|use|results?|response|outputs?|\w+)|invoke|sys|inst|think(?:ing)?|human"
)
_TAG: Final = re.compile(
    rf"[{OPENING}]+[\s/\\]{{0,8}}(?:[{_BAR}][^{_CLOSING}\n]{{0,60}}|[^\W\d_][^{OPENING}{_CLOSING}{_BAR}\n]{{0,60}})"
    rf"(?:[{_BAR}]?[{_CLOSING}]+|(?=[{OPENING}\n])|$)?"
)
_TOKEN: Final = re.compile(
    r"\[(/?\s*(?:INST|SYS|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\s*)\]", re.IGNORECASE
)
_FORGED: Final = re.compile(rf"/?(?:{_NAMES})(?=[-\s>/]|$)|untrusted")


def broken(text: str) -> str:
    """Return the text in which no look-alike of a boundary or of a chat marker keeps its brackets."""
    if "[" in text:
        text = _TOKEN.sub(r"(\1)", text)
    return _TAG.sub(_parenthesised, text)


def _parenthesised(match: re.Match[str]) -> str:
    found = match.group()
    inside = found.strip(OPENING + _CLOSING).lstrip(" \t\n/\\")
    if inside[:1] not in _BAR and not _FORGED.match(folded(inside)):
        return found
    body = found.lstrip(OPENING)
    kept = body.rstrip(_CLOSING)
    return f"({kept}{')' if len(kept) < len(body) else ''}"


def folded(text: str) -> str:
    """Return the text in the Latin letters that it looks like."""
    plain = unicodedata.normalize("NFKD", text.casefold()).translate(_ALIKE)
    return "".join(each for each in plain if not unicodedata.combining(each))
