"""The rooms, and that imports go one way through them."""

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import pytest

import case_tools
import case_tools.errors
from case_tools import Settings
from case_tools.settings import Vendor

TOP = Path(__file__).parent.parent
TOOLS, SERVER, PROMPTS = TOP / "tools/case_tools", TOP / "server/case_server", TOP / "prompts/case_prompts"
VENDORS = sorted(
    folder.name for folder in (TOOLS / "vendors").iterdir() if folder.is_dir() and folder.name[0] != "_"
)
KIT = {"adapter", "errors", "results", "untrusted"}
ROOMS: Mapping[str, set[str]] = {
    "adapter": {"errors", "results", "untrusted"},
    "desk": {"adapter", "embedded", "errors", "pipeline", "results", "settings", "transport", "untrusted"},
    "embedded": {"errors", "settings", "state"},
    "errors": {"pipeline", "untrusted"},
    "idempotency": {"errors", "results", "state", "untrusted"},
    "pipeline": {"adapter", "errors", "idempotency", "results", "settings", "state", "transport", "untrusted"},
    "results": {"untrusted"},
    "settings": {"errors", "untrusted"},
    "state": {"adapter", "errors"},
    "transport": {"adapter", "errors"},
    "untrusted": set(),
    "vendors": KIT | {"settings"},
}
"""Room -> the rooms that it may import from, besides itself."""
TOOL_NAMES = {"create_case", "create_task", "search_cases", "search_tasks", "update_case", "update_task"}


def imports_of(file: Path) -> set[str]:
    """Return the modules that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def importers_of(module: str, folder: Path) -> list[str]:
    """Return the files below a folder that import a module or something in it."""
    return sorted(
        str(file.relative_to(folder))
        for file in folder.rglob("*.py")
        if any(name == module or name.startswith(f"{module}.") for name in imports_of(file))
    )


def files(folder: Path) -> Iterator[Path]:
    """Yield the source files of a folder."""
    yield from sorted(folder.rglob("*.py"))


def test_the_library_knows_neither_the_server_nor_mcp() -> None:
    """Ours: `from case_tools import CaseDesk` in a bot must not bring a server."""
    for module in ("case_server", "case_prompts", "mcp", "mcp_types", "starlette", "uvicorn"):
        assert importers_of(module, TOOLS) == []


def test_the_prompts_know_nothing_of_the_others() -> None:
    """Ours: an administrator's own folder of prompts needs no code."""
    assert [importers_of(module, PROMPTS) for module in ("case_server", "case_tools", "mcp")] == [[], [], []]


def room_of(module: str) -> str:
    """Return the room of `case_tools` in which a module stands."""
    return module.split(".")[1]


def test_imports_go_one_way_through_the_rooms() -> None:
    """Ours: a module is found by its room, and a room is understood by itself."""
    rooms = {file.relative_to(TOOLS).parts[0].removesuffix(".py") for file in files(TOOLS)} - {"__init__"}
    assert rooms == {*ROOMS}
    for room, allowed in ROOMS.items():
        place = TOOLS / room
        for file in files(place) if place.is_dir() else [place.with_suffix(".py")]:
            imported = {room_of(name) for name in imports_of(file) if name.startswith("case_tools.")}
            assert imported & {*ROOMS} <= {*allowed, room}, file


def test_only_the_http_client_knows_httpx() -> None:
    """Ours: one module to change when the HTTP client changes."""
    assert importers_of("httpx", TOOLS) == ["transport/http_client.py"]
    assert importers_of("httpx", SERVER) == []


def test_only_the_state_knows_its_backends() -> None:
    """Ours: what is above works on the protocols; the practice desk opens files by one function of theirs."""
    outside = [name for name in importers_of("case_tools.state.sqlite", TOOLS) if not name.startswith("state/")]
    assert {name.split("/")[0] for name in outside} == {"embedded"}
    known = {name for name in outside for name in imports_of(TOOLS / name) if "state.sqlite" in name}
    assert {name.split(".")[3] for name in known if name.count(".") > 2} <= {"file"}
    assert importers_of("sqlite3", TOOLS / "idempotency") + importers_of("sqlite3", TOOLS / "pipeline") == []


def test_only_the_desk_knows_the_pipeline_and_imports_it_with_the_first_call() -> None:
    """Ours: the pipeline brings the database and the HTTP client, a fifth of the server's start."""
    assert importers_of("case_tools.pipeline.pipeline", TOOLS) == ["desk.py", "pipeline/opening.py"]
    assert importers_of("case_tools.pipeline.opening", TOOLS) == ["desk.py"]
    tree = ast.parse((TOOLS / "desk.py").read_text(encoding="utf-8"))
    at_start = [node.module for node in tree.body if isinstance(node, ast.ImportFrom)]
    assert not {"case_tools.pipeline.pipeline", "case_tools.pipeline.opening"} & {*at_start}


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_vendor_folder_awaits_nothing_and_knows_no_other_vendor(vendor: str) -> None:
    """Ours: requests and responses are pure; adding a vendor is adding a folder."""
    others = [f"case_tools.vendors.{other}" for other in VENDORS if other != vendor]
    for module in ("asyncio", "anyio", "sqlite3", *others):
        assert importers_of(module, TOOLS / "vendors" / vendor) == []
    for file in files(TOOLS / "vendors" / vendor):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        assert not any(isinstance(node, ast.Await | ast.AsyncFunctionDef) for node in ast.walk(tree)), file


def test_no_vendors_name_stands_outside_its_folder() -> None:
    """Ours: what is a vendor's stands in its folder, in the settings and in its dialect of the practice desk."""
    for file in files(TOOLS):
        if file.relative_to(TOOLS).parts[0] in {"__init__.py", "vendors", "settings.py", "embedded"}:
            continue
        text = file.read_text(encoding="utf-8").casefold()
        assert [vendor for vendor in VENDORS if vendor in text] == [], file


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_tool_has_the_name_of_its_file(vendor: str) -> None:
    """Ours: the tool's name is the file's, the snapshot's and the test's."""
    snapshots = TOP / "tests/snapshots" / ("" if vendor == "kore" else vendor)
    tools = {file.stem for file in (TOOLS / "vendors" / vendor).glob("*.py")} & TOOL_NAMES
    assert tools == {file.stem for file in snapshots.glob("*.json") if "." not in file.stem}


def test_no_two_classes_share_a_name() -> None:
    """Ours: one meaning a name; a search for it, and a traceback, lead to one place."""
    places: dict[str, list[str]] = {}
    for root in (TOOLS, SERVER, PROMPTS):
        for file in files(root):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    places.setdefault(node.name, []).append(str(file.relative_to(TOP)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_the_public_face_is_sorted_and_complete() -> None:
    """Ours: everything a bot builder needs is named by hand in `__init__`."""
    tree = ast.parse((TOOLS / "__init__.py").read_text(encoding="utf-8"))
    imported = [alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names]
    assert sorted(imported) == case_tools.__all__ == sorted(case_tools.__all__)
    errors = {
        name
        for name, each in vars(case_tools.errors).items()
        if isinstance(each, type) and issubclass(each, Exception)
    }
    assert errors <= {*case_tools.__all__}


def test_every_module_can_be_imported_alone_first() -> None:
    """Ours: no import cycle, whichever way one comes in."""
    roots = {TOOLS: "case_tools", SERVER: "case_server", PROMPTS: "case_prompts"}
    modules = [
        ".".join([name, *file.relative_to(root).with_suffix("").parts]).removesuffix(".__init__")
        for root, name in roots.items()
        for file in files(root)
    ]
    code = """
import importlib, os, sys, mcp, pydantic
for name in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        importlib.import_module(name)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0, name
"""
    subprocess.run([sys.executable, "-c", code, *modules], check=True)


def test_the_server_starts_without_the_http_client_the_signer_and_the_database() -> None:
    """Ours: what a server that was not yet called does not need is not imported; jwt comes with the SDK."""
    code = (
        "import sys; from case_server.mcp.app import build; from case_server.stdio import serve_stdio; "
        "from case_tools import Settings; build(Settings(state=':memory:')); "
        "late = ('httpx', 'selectolax', 'tinycss2', 'cssselect2', "
        "'sqlite3', 'case_tools.pipeline.pipeline', 'case_tools.embedded', "
        "'case_tools.vendors.kore', 'case_tools.vendors.talkdesk'); "
        "print([name for name in late if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_nothing_runs_programs_or_code_from_text() -> None:
    """Ours: no exec, eval, subprocess or shell anywhere in what is installed."""
    banned = {"exec", "eval", "compile", "system", "popen", "__import__"}
    for root in (TOOLS, SERVER, PROMPTS):
        for file in files(root):
            calls = [
                node.func for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, ast.Call)
            ]
            names = {func.id for func in calls if isinstance(func, ast.Name)}
            assert not names & banned, file
            assert not imports_of(file) & {"subprocess", "pickle", "shelve"}, file


def test_the_top_level_holds_what_it_should() -> None:
    """Ours: nothing else may lie there; `server`, `tools` and `prompts` are no import packages."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("this is no git checkout: clone the repository to run this test")
    entries = {line.split("/")[0] for line in listed.stdout.splitlines()}
    known = {"pyproject.toml", "README.md", "LICENSE", "server", "tools", "tests", "prompts"}
    assert {entry for entry in entries if not entry.startswith(".")} == known
    assert not [folder for folder in ("server", "tools", "prompts") if (TOP / folder / "__init__.py").exists()]


def test_settings_name_a_folder_for_every_vendor() -> None:
    """Ours: the desk imports the folder by the vendor's name."""
    folders = {file.parent.name for file in TOOLS.glob("vendors/*/vendor.py")}
    assert {*get_args(Vendor)} == folders == {*VENDORS}
    assert Settings().vendor in folders
