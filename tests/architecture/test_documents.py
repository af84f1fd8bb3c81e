"""Documents tell the truth: links lead somewhere, commands exist, figures are the cards' own."""

import doctest
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from seqstudio.cli.reference import reference
from seqstudio.cli.root import studio_command
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.catalogue.models import BundleCache, FoundModel, ModelCatalogue
from seqstudio.host.profile import Profile

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "assets/**/*.md", "plugins/*/*.md")
    for path in ROOT.glob(pattern)
    if path.name != "api.md"  # made of docstrings, which are tested where they stand
)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`(seqstudio [^`]+)`")
IN_THE_BOX = ("speech", "music", "forecast", "text")  # plugins
PLACEHOLDER = re.compile(r"\b(TODO|TBD|FIXME|XXX|RESULTS|RECIPES)\b")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def missing_links(page: Path) -> list[str]:
    """Return the links of a page that lead to no file; links to the web are not followed."""
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    return [t for t in targets if "://" not in t and not (page.parent / t).exists()]


def commands(page: Path) -> Iterator[str]:
    """Yield every `seqstudio ...` of a page, from its shell blocks and its prose."""
    text = page.read_text(encoding="utf-8")
    lines = [line for fence in FENCE.findall(text) for line in fence.splitlines()]
    lines += INLINE.findall(re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))
    for line in lines:
        for part in line.split("&&"):
            if part.strip().startswith("seqstudio "):
                yield part.strip()


def check_command(line: str) -> None:
    """Resolve a command line through the real commands; raise if a word is unknown."""
    words = shlex.split(line)[1:]
    command: click.Command = studio_command
    context = click.Context(command, info_name="seqstudio")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, context, name)
    words = [] if words in (["--help"], ["..."]) else words
    if not isinstance(command, click.Group):
        command.make_parser(context).parse_args(words)


def shipped_models() -> list[FoundModel]:
    profile = Profile()
    catalogue = Catalogue.load(profile)
    in_the_box = {e.name for plugin, e in catalogue.models() if plugin.id in IN_THE_BOX}
    models = ModelCatalogue(catalogue, profile, BundleCache())
    return [model for model in models.cards() if model.name in in_the_box]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    assert missing_links(page) == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_of_a_page_exists_with_its_options(page: Path) -> None:
    for line in commands(page):
        check_command(line)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_no_page_is_unfinished(page: Path) -> None:
    found = PLACEHOLDER.search(page.read_text(encoding="utf-8"))

    assert found is None, f"{page}: {found}"


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_examples_of_a_page_run(page: Path) -> None:
    failed, _ = doctest.testfile(str(page), module_relative=False, encoding="utf-8")

    assert failed == 0


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("seqstudio spech transcribe a.wav", "No such command"),
        ("seqstudio speech transcribe a.wav --beem 4", "No such option"),
    ],
)
def test_a_command_that_does_not_exist_is_caught(line: str, error: str) -> None:
    with pytest.raises(click.UsageError, match=error):
        check_command(line)


def test_a_link_that_leads_nowhere_is_caught(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[there](other.md) and [here](page.md#part)")

    assert missing_links(page) == ["other.md"]


def test_the_command_reference_is_what_the_commands_say() -> None:
    written = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")

    assert written == reference(list(IN_THE_BOX)), "run the command in its second line"


def test_ci_runs_the_two_commands_of_the_readme_as_they_stand() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    for command in (
        "pip install -r requirements.txt && seqstudio demo",
        "pip install -r requirements-dev.txt && pytest",
    ):
        assert f"```sh\n{command}\n```" in readme
        # `tests` is pytest, which runs once more what failed
        assert f"{{ {command.replace('pytest', 'tests')}; }}" in script


def test_the_ci_script_is_executable_and_parses() -> None:
    script = ROOT / ".ci" / "run"

    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", script], check=True)


def said_figures(model: FoundModel) -> list[str]:
    """Return the card's main metrics as the documents write them: per cent, or nats to 2 digits."""
    shares = [f for f in model.facts.card.metrics if f.name in ("wer", "cer", "error", "f1_error")]
    nats = [
        f for f in model.facts.card.metrics if f.name.startswith(("nll_", "nats_", "bits_", "crps"))
    ]
    assert shares or nats, model.name
    return [f"{100 * f.value:.1f} %" for f in shares] + [f"{f.value:.2f}" for f in nats[:1]]


def test_the_readme_gives_every_models_figures_as_its_card_does() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for model in shipped_models():
        rows = [line for line in readme.splitlines() if line.startswith(f"| `{model.name}`")]
        assert len(rows) == 1, model.name
        for figure in said_figures(model):
            assert figure in rows[0]


def test_the_recipes_give_every_models_command_and_figures_as_its_card_does() -> None:
    recipes = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8")
    for model in shipped_models():
        (row,) = [line for line in recipes.splitlines() if line.startswith(f"| `{model.name}`")]
        assert f"`{model.facts.card.command}`" in row
        assert row.endswith(f"| {model.facts.card.training_minutes:.0f} |")
        for figure in said_figures(model):
            assert figure in row


def test_the_picture_of_the_rooms_is_what_the_imports_say() -> None:
    script = ROOT / "docs" / "draw_rooms.py"
    drawn = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True)

    assert (ROOT / "docs" / "rooms.svg").read_text(encoding="utf-8") == drawn.stdout, (
        "run python docs/draw_rooms.py > docs/rooms.svg"
    )


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_module_that_a_page_names_is_there(page: Path) -> None:
    named = re.findall(r"`((?:\w+/)+\w+\.py)`", page.read_text(encoding="utf-8"))
    ours = [name for name in named if not name.startswith("parrot/")]  # the project of an example

    missing = [n for n in ours if not ((ROOT / n).exists() or (ROOT / "seqstudio" / n).exists())]
    assert missing == []


def test_every_requirement_is_explained() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("dependencies = [")
    block = lines[start : lines.index("]", start)]
    bare = [line for line in block if line.strip().startswith('"') and "#" not in line]

    assert [line for line in bare if "torch>=" not in line and "numpy" not in line] == []


def test_documents_name_no_place_of_the_machine_they_were_written_on() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.md", "*.py", "*.toml", "*.txt", ".ci/*"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    places = re.compile(r"(?<![\w.])/(work|root|home/\w+)/")
    for name in listed.stdout.split():
        path = ROOT / name
        if path != Path(__file__) and path.exists():
            assert not places.search(path.read_text(encoding="utf-8")), name


def test_python_dash_m_is_the_command_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "seqstudio", "--version"], capture_output=True, text=True, check=True
    )

    assert re.fullmatch(r"seqstudio \d+\.\d+\.\d+\n", done.stdout)
