"""The README says what the program does."""

import re

import pytest

from generate_readme import PAGES, PARTS, README

TEXT = README.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PARTS)
def test_a_generated_part_is_the_one_that_the_code_makes(name: str) -> None:
    """Ours: `uv run python tests/generate_readme.py` writes the parts anew."""
    pages = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    found = re.findall(f"<!-- begin {name} -->\n(.*?)\n<!-- end {name} -->", pages, re.DOTALL)
    assert found == [PARTS[name]()]


def test_the_two_commands_stand_in_the_readme() -> None:
    """Ours: they are all the set-up there is."""
    assert "python3 -m pip install uv && uv run case-mcp demo" in TEXT
    assert "python3 -m pip install uv && uv run pytest" in TEXT
    assert "pipx install uv" in TEXT


def test_the_first_screen_shows_what_it_is_the_command_and_an_exchange() -> None:
    """Ours: before a newcomer has to scroll."""
    first_screen = "\n".join(TEXT.splitlines()[:45])
    assert "MCP server" in first_screen
    assert "uv run case-mcp demo" in first_screen
    assert "CS000" in first_screen


def test_the_readme_is_short_and_leads_to_the_other_pages() -> None:
    """Ours: 250 lines; each page is named, and each link leads to a file."""
    assert len(TEXT.splitlines()) <= 250
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for target in re.findall(r"\]\(((?!https?:|#|…)[^)#\s]+)", text):
            assert (page.parent / target).exists(), (page, target)
    assert all(str(page.relative_to(README.parent)) in TEXT for page in PAGES[1:])
