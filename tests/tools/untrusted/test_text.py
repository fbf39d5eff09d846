"""Cleaning of untrusted text: what nobody sees is removed, what people write in any language stays."""

import unicodedata
from collections.abc import Iterable
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from case_tools.untrusted import CUT, clean, has_lone_surrogate, line, lines

ANY_TEXT: Final = st.text(st.characters())


def code_points(*ranges: tuple[int, int]) -> frozenset[str]:
    """Return the characters of inclusive ranges."""
    return frozenset(chr(point) for first, last in ranges for point in range(first, last + 1))


HIDDEN: Final[dict[str, frozenset[str]]] = {
    "C0 but tab and the line breaks": code_points((0x00, 0x08), (0x0B, 0x0C), (0x0E, 0x1F)),
    "DEL": code_points((0x7F, 0x7F)),
    "C1 but next line": code_points((0x80, 0x84), (0x86, 0x9F)),
    "soft hyphen": code_points((0xAD, 0xAD)),
    "grapheme joiner": code_points((0x34F, 0x34F)),
    "bidi marks": code_points((0x61C, 0x61C), (0x200E, 0x200F)),
    "bidi embeddings and overrides": code_points((0x202A, 0x202E)),
    "bidi isolates": code_points((0x2066, 0x2069)),
    "zero-width space": code_points((0x200B, 0x200B)),
    "word joiner and invisible operators": code_points((0x2060, 0x2064)),
    "deprecated formats": code_points((0x206A, 0x206F)),
    "byte order mark": code_points((0xFEFF, 0xFEFF)),
    "fillers": code_points((0x115F, 0x1160), (0x2800, 0x2800), (0x3164, 0x3164), (0xFFA0, 0xFFA0)),
    "Khmer inherent vowels": code_points((0x17B4, 0x17B5)),
    "Mongolian vowel separator": code_points((0x180E, 0x180E)),
    "interlinear annotation": code_points((0xFFF9, 0xFFFB)),
    "shorthand formats": code_points((0x1BCA0, 0x1BCA3)),
    "musical formats": code_points((0x1D173, 0x1D17A)),
    "tag block": code_points((0xE0000, 0xE007F)),
    "selectors 17 to 256": code_points((0xE0100, 0xE01EF)),
    "noncharacters of the basic plane": code_points((0xFDD0, 0xFDEF)),
    "noncharacters at the planes' ends": frozenset(
        chr(plane << 16 | last) for plane in range(17) for last in (0xFFFE, 0xFFFF)
    ),
}
JOINERS_AND_SELECTORS: Final = code_points((0x180B, 0x180D), (0x180F, 0x180F), (0x200C, 0x200D), (0xFE00, 0xFE0F))


def survivors(marks: Iterable[str], before: str, after: str) -> list[str]:
    """Return the marks that are still there, or took something else with them."""
    return [f"U+{ord(each):04X}" for each in sorted(marks) if clean(before + each + after) != before + after]


PLACES: Final = (("", ""), ("", "End"), ("Start", ""), ("in", "side"), ("é", "é"), ("देव", "नागरी"), ("🙂", "🙂"))


@pytest.mark.parametrize("kind", HIDDEN)
def test_every_hidden_character_is_removed_wherever_it_stands(kind: str) -> None:
    """*Documented* (security facts 1.5): each code point, at the start, at the end, inside, in any script."""
    # CSI takes parameters and one letter with it; behind these two no letter stands.
    marks = HIDDEN[kind] - {"\x1b", "\x9b"}

    assert {place: survivors(marks, *place) for place in PLACES} == {place: [] for place in PLACES}


@pytest.mark.parametrize("introducer", ["\x1b", "\x9b"])
@pytest.mark.parametrize("place", [("", ""), ("Start", ""), ("in", "ü"), ("🙂", "🙂")], ids=repr)
def test_an_introducer_alone_is_removed(introducer: str, place: tuple[str, str]) -> None:
    """*Ours*: where nothing follows that belongs to a sequence, only the control itself goes."""
    before, after = place

    assert clean(before + introducer + after) == before + after


def test_hidden_characters_in_a_row_are_all_removed() -> None:
    """*Ours*: removal does not depend on what stands beside a hidden character, hidden ones included."""
    row = "".join(sorted(frozenset().union(*HIDDEN.values()) - {"\x1b", "\x9b"}))

    assert clean(f"Parcel{row} is late") == "Parcel is late"


def test_no_format_or_control_character_survives_between_latin_letters_but_the_visible_ones() -> None:
    """*Ours*: counted over all of Unicode, so that a kind that nobody listed is noticed."""
    kept = {
        each
        for each in map(chr, range(0x110000))
        if unicodedata.category(each) in {"Cc", "Cf", "Zl", "Zp"} and each in clean(f"a{each}b")
    }
    # Signs of numbers, verses and years in Arabic, Syriac and Kaithi, and the layout of hieroglyphs.
    visible = code_points(
        (0x600, 0x605), (0x6DD, 0x6DD), (0x70F, 0x70F), (0x890, 0x891), (0x8E2, 0x8E2), (0x110BD, 0x110BD),
        (0x110CD, 0x110CD), (0x13430, 0x1343F),
    )  # fmt: skip

    assert kept - visible == {"\t", "\n"}


def test_every_lone_surrogate_becomes_the_replacement_character() -> None:
    """*Documented* (security facts 0): one of them in an answer ends the SDK's stdio server."""
    surrogates = [chr(point) for point in range(0xD800, 0xE000)]

    assert len(surrogates) == 2048
    assert {clean(f"a{each}b") for each in surrogates} == {"a\ufffdb"}
    assert {clean(each) for each in surrogates} == {"\ufffd"}
    assert all(map(has_lone_surrogate, surrogates))


@pytest.mark.parametrize("text", ["", "plain", "é", "🙂", "\ufffd", "\ue000"])
def test_text_that_can_be_written_has_no_lone_surrogate(text: str) -> None:
    """*Ours*: pairs are one character in Python, private use is no surrogate."""
    assert not has_lone_surrogate(text)


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        pytest.param("\x1b[31mred\x1b[0m", "red", id="colour"),
        pytest.param("\x1b[38;2;255;0;0mred", "red", id="colour of three numbers"),
        pytest.param("\x1b[8mhidden\x1b[28m", "hidden", id="concealed text shows"),
        pytest.param("\x1b[2J\x1b[1;1Hx", "x", id="clear and home"),
        pytest.param("\x1b[?25lx", "x", id="private mode"),
        pytest.param("\x1b[1 qx", "x", id="intermediate byte"),
        pytest.param("\x9b31mred", "red", id="CSI in one byte"),
        pytest.param("\x1b]0;title\x07x", "x", id="title, ended by BEL"),
        pytest.param("\x1b]0;title\x1b\\x", "x", id="title, ended by ST"),
        pytest.param("\x1b]0;title\x9cx", "x", id="title, ended by ST in one byte"),
        pytest.param("\x9d0;title\x07x", "x", id="OSC in one byte"),
        pytest.param("\x1b]8;;https://evil.example\x1b\\here\x1b]8;;\x1b\\!", "here!", id="hyperlink"),
        pytest.param("\x1b]52;c;c2VjcmV0\x07x", "x", id="clipboard"),
        pytest.param("\x1b]0;two\nlines\x07x", "x", id="title over two lines"),
        pytest.param("a\x1b]0;never ended\nsecond line", "a\nsecond line", id="title never ended"),
        pytest.param("\x1bPq#0;2;0;0;0\x1b\\x", "x", id="device control string"),
        pytest.param("\x1b_program\x1b\\x", "x", id="program command"),
        pytest.param("\x1b^private\x1b\\x", "x", id="private message"),
        pytest.param("\x1bXstring\x1b\\x", "x", id="start of string"),
        pytest.param("\x1b(Bx", "x", id="character set"),
        pytest.param("\x1bcx", "x", id="reset"),
        pytest.param("\x1b7x\x1b8", "x", id="save and restore"),
        pytest.param("\x1b\x1b[31mx", "x", id="escape before a sequence"),
        pytest.param("\x1b[\x1b[31mx", "x", id="sequence broken off by another"),
        pytest.param("x\x1b", "x", id="escape at the end"),
        pytest.param("x\x1b[", "x", id="CSI at the end"),
        pytest.param("x\x1b[31", "x", id="CSI without its last byte"),
    ],
)
def test_terminal_sequences_are_removed(given_text: str, cleaned: str) -> None:
    """*Documented* (ECMA-48, xterm): colours, cursor movements, titles, links, device strings."""
    assert clean(given_text) == cleaned


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        pytest.param("he said â\x80\x9chelloâ\x80\x9d and left", "he said âhelloâ and left", id="quotes"),
        pytest.param("Ð\x9dÐµÑ\x82, Ð¿Ð¾ÑÑ\x82", "ÐÐµÑ, Ð¿Ð¾ÑÑ", id="Cyrillic"),
        pytest.param("Ã\x9fÃ\x9f straÃ\x9fe", "ÃÃ straÃe", id="sharp s"),
    ],
)
def test_text_decoded_with_the_wrong_encoding_loses_its_controls_alone(given_text: str, cleaned: str) -> None:
    """*Ours*: a misread closing quote holds 9D, which is OSC in one byte; it must not take the text with it."""
    assert clean(given_text) == cleaned


@pytest.mark.parametrize(
    "line_break", ["\n", "\r\n", "\r", "\u0085", "\u2028", "\u2029"], ids=["LF", "CRLF", "CR", "NEL", "LS", "PS"]
)
def test_every_line_break_becomes_a_line_feed(line_break: str) -> None:
    """*Ours*: one kind of line break, however many stand together."""
    assert clean(f"one{line_break}two{line_break}{line_break}three") == "one\ntwo\n\nthree"


def test_tabs_and_line_feeds_stay() -> None:
    """*Ours*: a table or a list in a description keeps its shape."""
    assert clean("a\tb\n\n\tc") == "a\tb\n\n\tc"


@pytest.mark.parametrize(
    "sentence",
    [
        pytest.param("My parcel has not arrived — can you help?", id="English"),
        pytest.param("Mein Päckchen heißt „verloren“, oder?", id="German"),
        pytest.param("L\u2019œuvre n\u2019est pas arrivée : où est-elle ?", id="French"),
        pytest.param("¿Dónde está mi pedido? ¡Gracias, señor!", id="Spanish"),
        pytest.param("A encomenda não chegou até amanhã.", id="Portuguese"),
        pytest.param("Perché il pacco non è arrivato?", id="Italian"),
        pytest.param("Zażółć gęślą jaźń, proszę.", id="Polish"),
        pytest.param("Příliš žluťoučký kůň úpěl ďábelské ódy.", id="Czech"),
        pytest.param("Árvíztűrő tükörfúrógép.", id="Hungarian"),
        pytest.param("Unde este coletul meu? Mulțumesc, știu.", id="Romanian"),
        pytest.param("Siparişim nerede? İyi günler, \u0131ş\u0131k.", id="Turkish"),
        pytest.param("Pakkinn minn er ekki kominn, þökk sé þér.", id="Icelandic"),
        pytest.param("Rødgrød med fløde på Åland.", id="Danish"),
        pytest.param("Посылка ещё не пришла, съешь йогурт.", id="Russian"),
        pytest.param("Де моя посилка? Її ґанок з'їхав.", id="Ukrainian"),
        pytest.param("Пратката ми закъснява, моля.", id="Bulgarian"),
        pytest.param("Πού είναι το δέμα μου; Ευχαριστώ.", id="Greek"),
        pytest.param("איפה החבילה שלי? שָׁלוֹם", id="Hebrew"),
        pytest.param("أين طردي؟ شكرًا جزيلًا.", id="Arabic"),
        pytest.param("بسته‌ام نرسیده است، نمی‌خواهم صبر کنم.", id="Persian with ZWNJ"),
        pytest.param("میرا پارسل کہاں ہے؟", id="Urdu"),
        pytest.param("मेरा पार्सल कहाँ है? क्‍ष और क्‌ष", id="Hindi with joiners"),
        pytest.param("আমার পার্সেল কোথায়? র‍্যাব", id="Bengali with ZWJ"),
        pytest.param("ශ්‍රී ලංකා, ක්‍ෂණික", id="Sinhala with ZWJ"),
        pytest.param("എന്‍റെ പാഴ്‌സൽ അവന്‍", id="Malayalam with joiners"),
        pytest.param("என் பார்சல் எங்கே?", id="Tamil"),
        pytest.param("నా పార్సెల్ ఎక్కడ? ర‌్య", id="Telugu with ZWNJ"),
        pytest.param("ನನ್ನ ಪಾರ್ಸೆಲ್ ಎಲ್ಲಿ? ರ‍್ಯ", id="Kannada with ZWJ"),
        pytest.param("พัสดุของฉันอยู่ที่ไหน", id="Thai"),
        pytest.param("កញ្ចប់របស់ខ្ញុំនៅឯណា", id="Khmer"),
        pytest.param("ကျွန်ုပ်၏ပါဆယ်", id="Burmese"),
        pytest.param("ჩემი ამანათი სად არის?", id="Georgian"),
        pytest.param("Որտե՞ղ է իմ ծանրոցը", id="Armenian"),
        pytest.param("እቃዬ የት አለ?", id="Amharic"),
        pytest.param("Bưu kiện của tôi ở đâu? Nguyễn", id="Vietnamese"),
        pytest.param("Nguye\u0302\u0303n", id="Vietnamese, decomposed"),
        pytest.param("我的包裹在哪里\uff1f「急」", id="Chinese"),
        pytest.param("葛\ufe00城市", id="Chinese with a standard variant"),
        pytest.param("荷物が届きません。ガ・が", id="Japanese"),
        pytest.param("제 소포가 어디에 있나요?", id="Korean"),
        pytest.param("ᠮᠣᠩᠭᠣᠯ ᠪᠢ\u180bᠴᠢ\u200dᠭ", id="Mongolian with a selector and a joiner"),
    ],
)
def test_clean_sentences_come_through_unchanged(sentence: str) -> None:
    """*Documented* (Unicode 23.2): joiners are spelling in Persian and the Indic scripts."""
    assert clean(sentence) == sentence


@pytest.mark.parametrize(
    "emoji",
    [
        pytest.param("👨‍👩‍👧‍👦", id="family"),
        pytest.param("👩🏽‍💻", id="profession with skin tone"),
        pytest.param("🏳️‍🌈", id="rainbow flag"),
        pytest.param("🏴‍☠️", id="pirate flag"),
        pytest.param("❤️‍🔥", id="heart on fire"),
        pytest.param("👁️‍🗨️", id="eye in a bubble"),
        pytest.param("🤷🏿‍♀️", id="shrug"),
        pytest.param("1️⃣ #️⃣ *️⃣", id="keycaps"),
        pytest.param("🇩🇪🇮🇳🇧🇷", id="flags"),
        pytest.param("©️ ™️ ‼️ 〰️ ㊗️", id="signs shown as emoji"),
        pytest.param("❤\ufe0e ☎\ufe0e", id="signs shown as text"),
        pytest.param("0\ufe00", id="slashed zero"),
    ],
)
def test_emoji_come_through_unchanged(emoji: str) -> None:
    """*Documented* (UTS 51): fully qualified sequences keep their joiners and selectors."""
    assert clean(f"Thanks {emoji}!") == f"Thanks {emoji}!"


@pytest.mark.parametrize(
    ("given_text", "cleaned"),
    [
        pytest.param("pass\u200dword", "password", id="joiner between Latin letters"),
        pytest.param("pass\u200cword", "password", id="non-joiner between Latin letters"),
        pytest.param("\u200dx", "x", id="joiner at the start"),
        pytest.param("\ufe0fx", "x", id="selector at the start"),
        pytest.param("a\ufe0fb", "ab", id="selector after a letter of ASCII"),
        pytest.param("a\ufe0f\u200db", "ab", id="joiner behind a selector that goes"),
        pytest.param("é\u200db", "éb", id="joiner between Latin letters with accents"),
        pytest.param("д\u200cд", "дд", id="non-joiner between Cyrillic letters"),
        pytest.param("包\u200d裹", "包裹", id="joiner between Han signs"),
        pytest.param("\u0628\u200d\u200d\u200d\u0628", "\u0628\u200d\u0628", id="joiners in a row"),
        pytest.param("🙂\u200db", "🙂b", id="joiner from an emoji to a letter"),
        pytest.param("🙂\u200d", "🙂", id="joiner at the end of an emoji"),
        pytest.param("🙂\ufe0f\ufe0e\ufe0fb", "🙂\ufe0fb", id="selectors in a row"),
        pytest.param("🙂" + "\ufe0f\u200d" * 50 + "🙂", "🙂\ufe0f\u200d🙂", id="selectors and joiners in turn"),
        pytest.param("🙂\ufe01b", "🙂b", id="selector of another kind after an emoji"),
        pytest.param("é\ufe0f", "é", id="emoji's selector after a letter"),
        pytest.param("葛\ufe07", "葛", id="selector that no sign has"),
        pytest.param("葛\ufe0f", "葛", id="emoji's selector after a Han sign"),
        pytest.param("葛\ufe05", "葛", id="Egyptian selector after a Han sign"),
        pytest.param("\u3000\ufe0fb", "\u3000b", id="selector after a space"),
        pytest.param("a\u180b\u180cb", "ab", id="Mongolian selectors after Latin"),
        pytest.param("ᠪ\u180b\u180c\u180dᠢ", "ᠪ\u180bᠢ", id="Mongolian selectors in a row"),
    ],
)
def test_surplus_joiners_and_selectors_are_removed(given_text: str, cleaned: str) -> None:
    """*Ours*: at most one of each behind a sign, so that a run of them carries no message."""
    assert clean(given_text) == cleaned


@settings(max_examples=500)
@given(ANY_TEXT)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    """*Ours*: cleaned text has nothing left to remove."""
    once = clean(text)

    assert clean(once) == once


ALPHABET: Final = (
    "ab1#é🙂देᠪ \t\n\r\x1b\x9b\x9c\x9d\x07[]P\\;m\u0085\u2028\u200b\u200c\u200d\ufe0e\ufe0f\u180b\u180c"
    "\ud83d\ude00\U000e0041\uffff\u3000"
)


@settings(max_examples=1000)
@given(st.text(st.sampled_from(ALPHABET), max_size=12))
def test_cleaning_is_stable_where_marks_meet(text: str) -> None:
    """*Ours*: the same over texts made of the marks that the cleaning looks at."""
    once = clean(text)

    assert clean(once) == once
    assert not set(once) & (frozenset().union(*HIDDEN.values()))
    assert clean(line(text, 200)) == line(text, 200)


@settings(max_examples=500)
@given(ANY_TEXT)
def test_cleaned_text_can_always_be_written(text: str) -> None:
    """*Documented* (security facts 0): whatever the desk sends, the answer can be encoded."""
    cleaned = clean(text)

    assert cleaned.encode().decode() == cleaned
    assert not set(cleaned) & (frozenset().union(*HIDDEN.values()))


@settings(max_examples=500)
@given(ANY_TEXT, st.integers(min_value=8, max_value=60))
def test_a_line_is_one_line_within_its_limit(text: str, limit: int) -> None:
    """*Ours*: no line break of any kind, and never longer than asked."""
    result = line(text, limit)

    assert len(result) <= limit
    assert result.splitlines() in ([], [result])


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        pytest.param("short", 10, "short", id="shorter"),
        pytest.param("exactly 10", 10, "exactly 10", id="exact"),
        pytest.param("eleven char", 10, "e [...cut]", id="one longer"),
        pytest.param("cut at a long space", 15, "cut at [...cut]", id="one space before the mark"),
        pytest.param("  two \r\n\t lines  ", 20, "two lines", id="white space"),
        pytest.param("abcdefghi", 8, "[...cut]", id="room for the mark alone"),
        pytest.param("", 5, "", id="empty"),
        pytest.param("\u200b\x00", 5, "", id="nothing to see"),
        pytest.param("zero\u200bwidth 12", 12, "zerowidth 12", id="cleaned before it is measured"),
    ],
)
def test_a_line_is_cut_with_a_mark(text: str, limit: int, expected: str) -> None:
    """*Ours*: cut after cleaning, so that nothing hidden takes up room."""
    assert line(text, limit) == expected


@pytest.mark.parametrize(
    "characters",
    [
        pytest.param(["👨‍👩‍👧‍👦", "👩🏽‍💻", "🏳️‍🌈", "❤️‍🔥", "1️⃣", "👍🏿"], id="emoji"),
        pytest.param(["🇩🇪", "🇮🇳", "🇧🇷", "🇩🇪"], id="flags"),
        pytest.param(["दे", "व", "ना", "ग", "री", "क्ष", "स्थि", "ति"], id="Devanagari"),
        pytest.param(["e\u0301", "a\u0308\u0323", "o\u0302\u0301", "n"], id="Latin, decomposed"),
        pytest.param(["\u1112\u1161\u11ab", "\u1100\u1173\u11af"], id="Hangul, decomposed"),
        pytest.param(["z" + "\u0321" * 40, "a" + "\u0335" * 40], id="piles of marks"),
        pytest.param(["ش", "ن", "م", "ی\u200c", "خ"], id="Persian"),
    ],
)
def test_a_cut_leaves_whole_what_a_reader_sees_as_one_character(characters: list[str]) -> None:
    """*Documented* (UAX 29): no emoji, flag or syllable is cut in two, at whatever length."""
    text = "".join(characters) * 2
    wholes = {"".join((characters * 2)[:count]) for count in range(2 * len(characters))}

    shown = {line(text, limit) for limit in range(len(CUT), len(text))}

    assert {each.removesuffix(CUT).rstrip() for each in shown} <= wholes
    assert all(each.endswith(CUT) for each in shown)


def test_only_the_beginning_of_an_absurdly_long_text_is_looked_at() -> None:
    """*Ours*: a field shows a few hundred characters; what follows 8,000 is said to be cut."""
    assert line("\u200b" * 8000 + "late", 100) == CUT
    assert line("late" + "\u200b" * 8000, 100) == f"late {CUT}"


def test_texts_in_a_sentence_are_each_cleaned_and_cut() -> None:
    """*Ours*: names that a desk has shown, in a note or an error."""
    assert lines(["In\u200b Progress", "x" * 50], 20) == f"In Progress, {'x' * 11} {CUT}"
