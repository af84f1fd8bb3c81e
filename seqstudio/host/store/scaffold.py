"""Create new plugins: a small complete project that installs and passes its tests."""

from importlib.resources import files
from pathlib import Path

from seqstudio.contracts.manifest import RESERVED_IDS
from seqstudio.errors import PluginError

KINDS = ("task", "operation", "exporter")


def write_plugin(folder: Path, name: str, kind: str) -> list[Path]:
    """Write a plugin's project.

    Parameters
    ----------
    folder : the project's folder, which must not exist
    name : the plugin's id: lower-case letters, digits and '-'
    kind : what the plugin provides, one of KINDS

    Returns
    -------
    the files that were written

    Raises
    ------
    PluginError
        If the name is not a valid id, or the folder exists.
    """
    letters = name.replace("-", "")
    if not (letters.isalnum() and name.islower() and name.isascii()) or name in RESERVED_IDS:
        raise PluginError(
            f"name {name!r}, expected lower-case letters, digits and '-', "
            f"and not the name of a built-in command"
        )
    if folder.exists():
        raise PluginError(f"{folder}: already exists, expected a new folder")
    package = "seqstudio_" + name.replace("-", "_")
    title = name.replace("-", " ").capitalize()
    placeholders = {"NAME": name, "PACKAGE": package, "TITLE": title}
    manifest = read_template("head.txt") + read_template(f"{kind}/manifest.txt")
    texts = {
        "pyproject.toml": read_template("pyproject.txt"),
        "README.md": read_template("readme.txt"),
        f"src/{package}/__init__.py": read_template(f"{kind}/code.txt"),
        f"src/{package}/seqstudio.toml": manifest,
        f"tests/test_{package}.py": read_template(f"{kind}/test.txt"),
    }
    for name_in_project, text in texts.items():
        for placeholder, value in placeholders.items():
            text = text.replace(f"@{placeholder}@", value)
        path = folder / name_in_project
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [folder / name_in_project for name_in_project in texts]


def read_template(name: str) -> str:
    """Read a file of the templates folder."""
    return (files("seqstudio.host.store") / "templates" / name).read_text(encoding="utf-8")
