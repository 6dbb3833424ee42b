"""The house is as DESIGN and README say: floors and doors, sizes, names, a case per SQL file, commands and tree that exist.

Belongs here: rules over files of the whole checkout, whatever they compute. Does not belong here: what a table or a model does.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("contracts", "sql", "models", "assets", "pipelines", "service")
TABLE_LAYERS = ("core", "feature", "label", "segment", "report")
README = ROOT / "README.md"


def tracked_files() -> list[Path]:
    """Files that git knows and that still exist, so that a worker's scratch file breaks nothing."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listing.returncode != 0:
        pytest.skip("not a git checkout: which files belong to the project is not known")
    return [path for name in listing.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def tracked_texts() -> Iterator[tuple[str, str]]:
    """(path relative to the root, text) of every tracked file that is text."""
    for path in tracked_files():
        raw = path.read_bytes()
        if b"\0" not in raw:
            yield path.relative_to(ROOT).as_posix(), raw.decode("utf-8", errors="replace")


def code_blocks(text: str) -> list[str]:
    return re.findall(r"^```[^\n]*\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


# --- floors and doors
def test_floors_and_doors_hold() -> None:
    program = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"


def test_no_test_folder_is_a_package() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_every_folder_with_modules_is_a_package() -> None:
    folders = {path.parent for package in PACKAGES for path in (ROOT / package).rglob("*.py")}
    assert [
        folder.relative_to(ROOT).as_posix() for folder in sorted(folders) if not (folder / "__init__.py").exists()
    ] == []


def test_modules_that_import_dagster_keep_their_annotations() -> None:
    # Dagster reads the type of `context` at run time; as a string it is refused.
    offenders = []
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            if re.search(r"^from __future__ import annotations", text, re.MULTILINE) and re.search(
                r"^\s*(?:import|from) dagster\b", text, re.MULTILINE
            ):
                offenders.append(path.relative_to(ROOT).as_posix())
    assert offenders == []


# --- names and sizes
@pytest.mark.parametrize("suffix,most", [(".py", 400), (".sql", 120)])
def test_files_stay_short(suffix: str, most: int) -> None:
    lengths = {name: text.count("\n") for name, text in tracked_texts() if name.endswith(suffix)}
    assert {name: lines for name, lines in lengths.items() if lines > most} == {}


def test_no_room_for_leftovers() -> None:
    leftovers = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "lib"}
    assert [path for path in tracked_files() if path.suffix == ".py" and path.stem in leftovers] == []
    assert [
        path
        for path in tracked_files()
        if path.suffix == ".py" and leftovers & set(path.relative_to(ROOT).parent.parts)
    ] == []


def test_every_module_says_what_belongs_in_it() -> None:
    modules = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    assert [path for path in modules if ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) is None] == []


# --- SQL
def test_every_table_has_a_case() -> None:
    tables = [path for layer in TABLE_LAYERS for path in sorted((ROOT / "sql" / layer).glob("*.sql"))]
    assert tables, "no SQL file found: the layers have moved"
    missing = [f"tests/sql/{path.parent.name}/{path.stem}.yaml" for path in tables]
    assert [name for name in missing if not (ROOT / name).exists()] == []


def test_every_case_has_its_table() -> None:
    cases = [path for layer in TABLE_LAYERS for path in sorted((ROOT / "tests" / "sql" / layer).glob("*.yaml"))]
    orphans = [path for path in cases if not (ROOT / "sql" / path.parent.name / f"{path.stem}.sql").exists()]
    assert orphans == []


# --- nothing of one machine
# The patterns are written so that they do not find themselves.
MACHINE_PATH = re.compile(r"(?<![\w.$}~-])/(?:work|root|home/\w+|Users/\w+|tmp|farm)/")
INDEX_HOST = re.compile(
    r"pythonhoste[d]|pypi\.or[g]|npmjs\.or[g]|deb\.debia[n]\.org|index-ur[l] ?=|find-link[s] ?=", re.IGNORECASE
)


@pytest.mark.parametrize("pattern", [MACHINE_PATH, INDEX_HOST], ids=["machine path", "package index"])
def test_no_trace_of_one_machine(pattern: re.Pattern[str]) -> None:
    found = [
        f"{name}:{number}: {line.strip()[:80]}"
        for name, text in tracked_texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if pattern.search(line)
    ]
    assert found == []


def test_machine_path_pattern_finds_what_it_should() -> None:
    assert MACHINE_PATH.search("open('/" + "tmp/x')")
    assert MACHINE_PATH.search("/" + "home/ann/shop")
    assert not MACHINE_PATH.search("the framework/" + "root/thing")


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_hold_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    requirements = [line for line in text.splitlines() if line and not line.startswith((" ", "#"))]
    assert len(requirements) > 50
    assert [line for line in requirements if "==" not in line or not line.endswith("\\")] == [], (
        "not pinned or without hash"
    )


def test_locks_agree() -> None:
    def pins(name: str) -> set[str]:
        return set(re.findall(r"^([\w.\[\],-]+==[\w.]+)", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE))

    assert pins("requirements.lock") - pins("requirements-dev.lock") == set(), (
        "run `make lock`: one resolution writes both"
    )


# --- docs
def test_links_between_pages_lead_somewhere() -> None:
    links = []
    for name, text in tracked_texts():
        if name.endswith(".md"):
            prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
            links += [(name, target) for target in re.findall(r"\]\(([^)\s#]+)[^)]*\)", prose)]
    inside = [(name, target) for name, target in links if "://" not in target and not target.startswith("mailto:")]
    assert [(name, target) for name, target in inside if not (ROOT / name).parent.joinpath(target).exists()] == []


def test_index_names_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = [
        path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md") if path.name != "README.md"
    ]
    assert [page for page in sorted(pages) if f"({page})" not in index] == []


def readme() -> str:
    if not README.exists():
        pytest.skip("README.md is not written yet")
    return README.read_text(encoding="utf-8")


def readme_lines(program: str) -> list[str]:
    """Command lines of the README's code blocks that start with `program`, with or without a `$` before them."""
    lines = [line.strip().removeprefix("$ ") for block in code_blocks(readme()) for line in block.splitlines()]
    return [line.split("  #")[0].strip() for line in lines if line.startswith(f"{program} ")]


def test_readme_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = {target for line in readme_lines("make") for target in line.split()[1:] if "=" not in target}
    assert {"demo", "test"} <= named, "README shows the two commands of a fresh machine"
    assert named - targets == set()


def test_readme_commands_exist() -> None:
    lines = readme_lines("trellis")
    assert lines, "README shows at least one trellis command"
    for command in sorted({re.sub(r"^trellis (?:--home \S+ )?", "", line).split()[0] for line in lines}):
        run = subprocess.run(
            [sys.executable, "-m", "pipelines.cli", command, "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, f"`trellis {command} --help` fails:\n{run.stderr}"
        flags = {
            flag
            for line in lines
            if re.search(rf"(?<![\w-]){command}\b", line)
            for flag in re.findall(r"(?<!\S)--[a-z-]+", line)
        }
        assert [flag for flag in sorted(flags - {"--home"}) if flag not in run.stdout] == [], (
            f"unknown to `trellis {command}`"
        )


def test_readme_tree_is_the_tree() -> None:
    """The block that starts a line with `contracts/` is the tree: what it names exists, and every room is in it."""
    blocks = [block for block in code_blocks(readme()) if re.search(r"^\W*contracts/", block, re.MULTILINE)]
    assert len(blocks) == 1, "README has one tree, the block that starts a line with contracts/"
    parents: list[tuple[int, Path]] = []
    named = set()
    for line in blocks[0].splitlines():
        entry = re.match(r"^([\s│├└─]*)([\w.-]+/?)(?=\s|$)", line)
        if entry is None or not re.search(r"[/.]|^Makefile$", entry[2]):
            continue
        depth = len(entry[1])
        while parents and parents[-1][0] >= depth:
            parents.pop()
        path = (parents[-1][1] if parents else ROOT) / entry[2]
        assert path.exists(), f"README's tree names {path.relative_to(ROOT)}, which does not exist"
        named.add(path.relative_to(ROOT).as_posix())
        if entry[2].endswith("/"):
            parents.append((depth, path))
    rooms = {*PACKAGES, "docs", "examples", "notebooks", "tests"}
    assert rooms - named == set(), "rooms that README's tree leaves out"
