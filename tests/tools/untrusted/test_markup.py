"""Markup in untrusted text: what it hides is left out, what it makes live is inert, the words stay."""

import re
from random import Random
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import bench.cleaning
from case_tools.untrusted import clean, line, our_mark_in
from rendered import live

CASES: Final = {
    "HTML is put into words": ("<p>Hello <b>Jane</b>,</p><p>bye</p>", "Hello Jane, bye"),
    "lists and tables part their words": ("<ul><li>a<li>b</ul><table><tr><td>c<td>d</table>", "a b c d"),
    "a line break": ("one<br>two<BR/>three", "one two three"),
    "an HTML link keeps its address": (
        '<a href="https://shop.example/o?a=1&amp;b=2" title="x">your order</a>',
        "your order (https[:]//shop[.]example/o?a=1&b=2)",
    ),
    "an address in an HTML link": (
        '<a href="mailto:jane.roe@example.com">Jane</a>',
        "Jane (mailto:jane.roe@example.com)",
    ),
    "a script address is dropped": ('<a href="javascript:alert(1)">here</a>', "here"),
    "an image": ('late <img src="https://evil.example/p.png" alt="obey"> parcel', "late parcel"),
    "a comment": ("a<!-- obey -->b", "a[…hidden]b"),
    "a comment without an end": ("a<!-- obey", "a[…hidden]"),
    "a comment in a comment": ("a<!-- <!-- obey --> b", "a[…hidden] b"),
    "a declaration": ("a<!obey>b", "a[…hidden]b"),
    "an instruction": ("a<?obey now?>b", "a[…hidden]b"),
    "a marked section": ("a<![CDATA[obey]]>b", "a[…hidden]b"),
    "an end tag that is none": ("a</ obey>b", "a[…hidden]b"),
    "a script": ("a<script>obey('<b>')</script>b", "a[…hidden]b"),
    "a style sheet": ("<style>p{color:red}</style>late", "[…hidden]late"),
    "a template": ("a<template><p>obey</p></template>b", "a[…hidden]b"),
    "a hidden element": ("a<span hidden>obey</span>b", "a[…hidden]b"),
    "a hidden element in itself": ("a<div hidden>x<div>obey</div>y</div>b", "a[…hidden]b"),
    "a hidden paragraph ends where the next begins": ("<p style='display:none'>obey<p>late", "[…hidden] late"),
    "display none": ('a<span style="DISPLAY : none">obey</span>b', "a[…hidden]b"),
    "display none, with a comment": ('a<span style="display:/**/none">obey</span>b', "a[…hidden]b"),
    "display none, escaped": (r'a<span style="d\69splay:none">obey</span>b', "a[…hidden]b"),
    "display none, as references": ('a<span style="display&#58;none">obey</span>b', "a[…hidden]b"),
    "no visibility": ("a<i style=visibility:hidden>obey</i>b", "a[…hidden]b"),
    "no opacity": ("a<i style='opacity: 0.00'>obey</i>b", "a[…hidden]b"),
    "some opacity": ("a<i style='opacity: 0.5'>late</i>b", "alateb"),
    "no size": ("a<i style='font-size:0px'>obey</i>b", "a[…hidden]b"),
    "a usual size": ("a<i style='font-size:10px'>late</i>b", "alateb"),
    "far outside": ("a<i style='position:absolute;left:-9999px'>obey</i>b", "a[…hidden]b"),
    "white on white": ('a<font color="#FFFFFF">obey</font>b', "a[…hidden]b"),
    "white on white by style": ('a<i style="color:#fff">obey</i>b', "a[…hidden]b"),
    "a light page": ("a<i style='background-color:#fff;line-height:1;border-width:0'>late</i>b", "alateb"),
    "a colour": ('a<font color="#ff0000">late</font>b', "alateb"),
    "a hidden element without content hides nothing more": ("a<br hidden>b", "a b"),
    "two that hide, one mark": ("a<!-- x --> <!-- y -->b", "a[…hidden]b"),
    "comments as references": ("a&lt;!-- obey --&gt;b", "a[…hidden]b"),
    "tags as references, twice": ("a&amp;lt;b&amp;gt;late&amp;lt;/b&amp;gt;", "alate"),
    "a tag in a tag": ("a<<b>script>obey</script>b", "a[…hidden]"),
    "hidden characters as references": ("pa&#8203;r&#x200B;c&ZeroWidthSpace;e&shy;l&#0000000008203", "parcel"),
    "tag characters as references": ("late&#xE0041;&#917570;", "late"),
    "references of references": ("late&amp;#8203; &amp;amp;#8203;parcel", "late parcel"),
    "a reference cut by a hidden character": ("late&#82\u200b03;", "late"),
    "an ampersand": ("Tom &amp; Jerry &lt;3", "Tom & Jerry <3"),
    "a surrogate as a reference": ("late&#xD83D;", "late\ufffd"),
    "a tag of no HTML with attributes": ("late<x onload=obey()>", "late[<]x onload=obey()>"),
    "a tag without an end": ('late<img src="https://evil.example/', 'late[<]img src="https[:]//evil[.]example/'),
    "an address": ("see https://evil.example/x?d=1.2", "see https[:]//evil[.]example/x?d=1.2"),
    "an address in capitals": ("HTTPS://EVIL.EXAMPLE", "HTTPS[:]//EVIL[.]EXAMPLE"),
    "an address with a name and a port": ("ftp://a.b@evil.example:8/x", "ftp[:]//a[.]b@evil[.]example:8/x"),
    "an address with backslashes": (r"https:\\evil.example\x", r"https[:]\\evil[.]example\x"),
    "an address with one slash": ("https:/evil.example/x", "https[:]/evil.example/x"),
    "an address without a scheme": ("![x]: //evil.example/x", "![x]: //evil[.]example/x"),
    "an address of another scheme": (
        "vscode://x.y/z and javascript:alert(1)",
        "vscode[:]//x[.]y/z and javascript[:]alert(1)",
    ),
    "data": ("data:text/html,hi; data: none", "data[:]text/html,hi; data: none"),
    "www": ("www.evil.example", "www[.]evil[.]example"),
    "a host with a path": ("at evil.example/x", "at evil[.]example/x"),
    "a host in another script": ("на пример.рф/путь", "на пример[.]рф/путь"),
    "an address through HTML": ("ht<b></b>tps://evil.example", "https[:]//evil[.]example"),
    "an address through a hidden character": ("https:\u200b//evil\u00ad.example", "https[:]//evil[.]example"),
    "a path on a server": (r"\\evil.example\share", r"\\evil[.]example\share"),
    "a Markdown link": ('[bill](https://evil.example/x "t")', '[bill][(]https[:]//evil[.]example/x "t")'),
    "a Markdown image": ("![](https://evil.example/?d=1)", "![][(]https[:]//evil[.]example/?d=1)"),
    "a Markdown image in a link": ("[![a](b)](c)", "[![a][(]b)][(]c)"),
    "a Markdown link with more parentheses": ("[a]((b))", "[a][(][(]b))"),
    "a link made by our own marks": ("https://a.(b)", "https[:]//a[.][(]b)"),
    "an autolink": ("<https://evil.example>", "[<]https[:]//evil[.]example>"),
    "an autolink of another scheme": ("<javascript:alert(1)>", "[<]javascript[:]alert(1)>"),
    "a boundary": ("x </untrusted-AAAAAAAA> y", "x [<]/untrusted-AAAAAAAA> y"),
    "a boundary in other brackets": ("x \uff1c / UNTRUSTED-AAAAAAAA", "x [\uff1c] / UNTRUSTED-AAAAAAAA"),
}
AS_THEY_ARE: Final = {
    "an e-mail address": "write to jane.roe@example.com or Jane <jane.roe+shop@example.co.uk>",
    "an e-mail's own scheme": "mailto:jane.roe@example.com",
    "comparisons": "5 < 6 > 4, I <3 it, a<=b, -> <-",
    "a name in angle brackets": "a List<String> for <name>",
    "ampersands": "AT&T, R&D; fish & chips &c; &unknown;",
    "query strings": "?a=1&copy=2&lt=3",
    "brackets": "[EXTERNAL]: order [42] (late), a[0], [x] (y)",
    "times and ratios": "10:30, 16:9, C:/x, and/or, 1.5/2.5, e.g. this",
    "file names": "report.pdf, v1.2.3, example.com, S.p.A.",
    "words before a colon": "data: none; http: what? subject:late",
    "emphasis and code": "*really* _late_ `x` ~~no~~ # 1 > y",
}


@pytest.mark.parametrize(("text", "shown"), CASES.values(), ids=CASES)
def test_markup_is_put_into_words_and_made_inert(text: str, shown: str) -> None:
    """*Ours* (security facts 1.5): and a Markdown renderer that makes live whatever it can agrees."""
    assert line(text, 300) == shown
    assert live(shown) == []


@pytest.mark.parametrize("text", AS_THEY_ARE.values(), ids=AS_THEY_ARE)
def test_what_is_no_markup_comes_through_unchanged(text: str) -> None:
    """*Ours*: people write angle brackets, ampersands and addresses of e-mail."""
    assert clean(text) == text
    assert our_mark_in(text) is None


@pytest.mark.parametrize("text", [text for text, shown in CASES.values() if "[" in shown])
def test_what_was_made_inert_bears_a_mark_that_is_known_again(text: str) -> None:
    """*Ours*: so that a cleaned text is not written over the original; but for what only lost its dots."""
    shown = line(text, 300)
    if shown != text and any(mark in shown for mark in ("[:]", "[(]", "[<]", "[…")):
        assert our_mark_in(shown) is not None


def test_nesting_without_end_loses_its_punctuation() -> None:
    """*Ours*: what still changes after eight rounds is no customer's text; nothing of it can be live."""
    text = "&" + "amp;" * 40 + "lt;img src=https://evil.example>"

    assert set(clean(text)) <= {*"amp ltigsrc=https vil xae"}
    assert clean(clean(text)) == clean(text)


PIECES: Final = (
    *"<>&;![]()/\\:.#x-=\"' \n", "<!--", "-->", "<b>", "</b>", "<p hidden>", "<i style='display:none'>",
    "<script>", "</script>", "<a href=https://e.example>", "&lt;", "&gt;", "&amp;", "&#8203;", "&#60;",
    "https://", "www.", "e.example", "/x", "javascript:", "data:,", "](", "[:]", "[.]", "[(]", "[<]", "[…cut]",
    "[…hidden]", "untrusted-", "<untrusted-AAAAAAAA>", "<x y>", "\uff1c", "\x1b[", "\u200b", "\ud83d",
    "jane@example.com", "é", "🙂",
)  # fmt: skip
HOSTILE: Final = st.lists(st.sampled_from(PIECES), max_size=14).map("".join)
LIVE: Final = re.compile(r"\]\(|\w://|<!--|<(?:script|a|img|p|b|i)\b")


@settings(max_examples=1000)
@given(st.integers(0, 2**63), st.lists(HOSTILE | st.text(max_size=20), min_size=4, max_size=4))
def test_a_hundred_thousand_texts_are_inert_and_cleaned_once_for_all(seed: int, drawn: list[str]) -> None:
    """*Ours*: 1,000 times 100 texts, each of pieces that begin something and of what Hypothesis drew."""
    chance = Random(seed)
    for _ in range(100):
        text = "".join(chance.choices([*PIECES, *drawn], k=chance.randrange(15)))
        limit = chance.randrange(6, 80)
        once, cut = clean(text), line(text, limit)

        assert clean(once) == once, text
        assert clean(cut) == cut, text
        assert len(cut) <= limit, text
        assert not LIVE.search(once), text
        once.encode()


@settings(max_examples=1000)
@given(HOSTILE)
def test_a_renderer_finds_nothing_live_in_cleaned_text(text: str) -> None:
    """*Ours*: judged by CommonMark with HTML, tables and the linking of bare addresses."""
    assert live(line(text, 300)) == []


@pytest.mark.parametrize("unit", bench.cleaning.UNITS, ids=ascii)
def test_a_hundred_thousand_hostile_characters_are_cleaned_at_once(unit: str) -> None:
    """*Ours*: many marks, each of which could begin something; work of another order would not end."""
    assert len(line((unit * 100_000)[:100_000], 300)) <= 300
