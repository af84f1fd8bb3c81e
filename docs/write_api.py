"""Write the reference of the plugin API from its docstrings: `python docs/write_api.py`.

With `--signatures` it prints one line for each public name and method instead: API 1 as it is
frozen in `tests/contracts/api-1.txt`.
"""

import dataclasses
import enum
import importlib
import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from seqstudio.contracts import hookspecs, manifest

MODULES = {
    "seqstudio.api": "Contracts, data and errors; without torch",
    "seqstudio.api.media": "Audio and MIDI; without torch",
    "seqstudio.api.nn": "Models; needs torch",
    "seqstudio.api.pictures": "Pictures; needs Pillow",
}
ENTRIES = (
    manifest.Manifest,
    manifest.Permissions,
    manifest.TaskEntry,
    manifest.OperationEntry,
    manifest.Port,
    manifest.ModelEntry,
    manifest.RecogniserEntry,
    manifest.NamedEntry,
    manifest.Option,
)
KINDS = {  # what an operation gets of an input, and gives for an output
    "audio": "A recording; read it with `read_audio` or `read_samples`, give an `Audio`.",
    "midi": "MIDI, MusicXML or ABC; read it with `Score.read`, give a `Score`.",
    "text": "A text; read it with `read_text_file`, give a `str`, or a `Formatted`.",
    "transcript": "A transcript; give a `Transcript`.",
    "table": "CSV or TSV; give a `Table`, of which csv, tsv and json are written.",
    "model": "A bundle of a model.",
    "data": "A file or folder that the operation looks into itself.",
    "clip": "A recording or a piece of a session.",
    "selection": "Bars and tracks of a piece, chosen in the app.",
    "stream.audio": "Sound while it is heard; read it with `Job.input_blocks`.",
    "stream.midi": "MIDI while it is played; read it with `Job.input_blocks`.",
}
COMMENT = re.compile(r"^    (\w+): .*?  # (.*)$", re.MULTILINE)
EXAMPLES = Path(__file__).with_name("api_examples.txt")
EXAMPLE = re.compile(r"((?:^>>> .*\n?(?:^\.\.\. .*\n?)*(?:^(?!>>>)\S.*\n?)*)+)", re.MULTILINE)
HEAD = """# The plugin API

What a plugin may import and declare, from the docstrings of the code, with examples that a test
runs. The guide is [Write a plugin](write-a-plugin.md); `python docs/write_api.py` writes this page.
"""


def signature(one: Any) -> str:
    """Return the signature of a function or class, without the addresses of objects in it."""
    if dataclasses.is_dataclass(one) or not inspect.isclass(one) or "__init__" in vars(one):
        try:
            text = str(inspect.signature(one))
        except (TypeError, ValueError):
            return ""
        return re.sub(r" at 0x[0-9a-f]+", "", text).removesuffix(" -> None")
    return ""


def methods(one: Any) -> Iterator[tuple[str, Any]]:
    """Yield the public methods and properties that a class of ours defines."""
    if inspect.isclass(one) and not issubclass(one, enum.Enum):
        for name, member in vars(one).items():
            plain = member.fget if isinstance(member, property) else member
            plain = getattr(plain, "__func__", plain)
            if not name.startswith("_") and inspect.isfunction(plain):
                yield name, plain


def public(module_name: str) -> Iterator[tuple[str, Any]]:
    """Yield the public names of a module, in alphabetical order."""
    module = importlib.import_module(module_name)
    for name in sorted(module.__all__, key=str.lower):
        yield name, getattr(module, name)


def signatures() -> Iterator[str]:
    """Yield a line for each public name and method."""
    for module_name in MODULES:
        for name, one in public(module_name):
            yield f"{module_name}.{name}{signature(one)}"
            yield from (f"{module_name}.{name}.{n}{signature(m)}" for n, m in methods(one))
    for entry in ENTRIES:
        for one in dataclasses.fields(entry):
            yield f"seqstudio.toml {entry.__name__}.{one.name}: {one.type}"
    yield from (f"hook {name}" for name, _ in hooks())


def hooks() -> list[tuple[str, Any]]:
    """Return the hooks with their specifications."""
    found = inspect.getmembers(hookspecs, inspect.isfunction)
    return [(name, one) for name, one in found if name.startswith("seqstudio_")]


def fields(entry: type) -> Iterator[str]:
    """Yield a line for each field of a dataclass, with the comment beside it."""
    comments = dict(COMMENT.findall(inspect.getsource(entry)))
    for one in dataclasses.fields(entry):
        said = f": {comments[one.name]}" if one.name in comments else ""
        kind = one.type.__name__ if isinstance(one.type, type) else str(one.type)
        yield f"- `{one.name}`, `{kind}`{said}"


def groups() -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield the examples of `api_examples.txt`, each after the names that it shows."""
    for part in EXAMPLES.read_text(encoding="utf-8").split("\n@ ")[1:]:
        names, _, example = part.partition("\n")
        yield tuple(re.sub(r" \(.*?\)", "", names).split(", ")), example.strip()


def examples() -> Mapping[str, str]:
    """Return for each name its example, or the name under which the example stands."""
    found: dict[str, str] = {}
    for names, example in groups():
        for name in names:
            text = f"\nExample: see `{names[0]}`." if name != names[0] else as_code(example)
            found[name] = f"{found[name]}\n{text}" if name in found else text
    return found


def as_code(example: str) -> str:
    """Return an example as a block of code."""
    return f"\n```python\n{example}\n```"


def section(title: str, one: Any, level: int) -> Iterator[str]:
    """Yield the heading, signature and docstring of one name."""
    yield f"\n{'#' * level} `{title}`\n"
    if text := signature(one):
        yield f"```python\n{title.rpartition('.')[2]}{text}\n```\n"
    documentation = inspect.getdoc(one) or ""
    if not documentation.startswith(f"{getattr(one, '__name__', '')}("):  # not made by dataclass
        yield as_markdown(documentation)


def as_markdown(text: str) -> str:
    """Return a docstring with its sections as headings in bold, and examples as code."""
    text = re.sub(r"^(\w[\w ]*)\n-{3,}$", r"**\1**\n", text, flags=re.MULTILINE)
    return EXAMPLE.sub(lambda found: f"```python\n{found[1].rstrip()}\n```\n", text)


def page() -> Iterator[str]:
    """Yield the lines of the whole page."""
    yield HEAD
    shown = examples()
    yield "## Hooks\n"
    yield inspect.getdoc(hookspecs) or ""
    for name, one in hooks():
        yield from section(name, one, 3)
        yield shown.get(name, "")
    yield "\n## The manifest, `seqstudio.toml`\n"
    yield "### Kinds of inputs and outputs\n"
    yield from (f"- `{kind}`: {KINDS[kind]}" for kind in get_args(manifest.Kind))
    yield "\nFor an output of any kind an operation may give the path of a file in `job.folder`."
    for entry in ENTRIES:
        yield f"\n### {entry.__name__}\n"
        yield inspect.getdoc(entry) or ""
        yield ""
        yield from fields(entry)
        yield shown.get(entry.__name__, "")
    for module_name, title in MODULES.items():
        yield f"\n## `{module_name}`: {title}\n"
        for name, one in public(module_name):
            yield from section(name, one, 3)
            yield shown.get(name, "")
            for method, member in methods(one):
                yield from section(f"{name}.{method}", member, 4)


if __name__ == "__main__":
    lines = signatures() if "--signatures" in sys.argv else page()
    sys.stdout.write("\n".join(lines) + "\n")
