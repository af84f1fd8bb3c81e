"""New plugins: a complete small distribution that installs and passes its tests at once."""

from importlib.resources import files
from pathlib import Path

from seqstudio.contracts.manifest import RESERVED
from seqstudio.errors import PluginError

KINDS = ("task", "operation", "exporter")


def write_plugin(folder: Path, name: str, kind: str) -> list[Path]:
    """Write a plugin's project.

    Parameters
    ----------
    folder : the project's folder, not there yet
    name : the plugin's id: lower-case letters, digits and '-'
    kind : what it offers, one of KINDS

    Returns
    -------
    the files that were written

    Raises
    ------
    PluginError
        If the name is not one, or the folder is there already.
    """
    plain = name.replace("-", "")
    if not (plain.isalnum() and name.islower() and name.isascii()) or name in RESERVED:
        raise PluginError(
            f"name {name!r}, expected lower-case letters, digits and '-', "
            f"and none of the studio's own commands"
        )
    if folder.exists():
        raise PluginError(f"{folder}: there already, expected a new folder")
    package = "seqstudio_" + name.replace("-", "_")
    words = name.replace("-", " ").title()
    marks = {"NAME": name, "PACKAGE": package, "TITLE": words.capitalize()}
    marks["CLASS"] = words.replace(" ", "")
    texts = {
        "pyproject.toml": template("pyproject.txt"),
        "README.md": template("readme.txt"),
        f"src/{package}/__init__.py": template(f"{kind}/code.txt"),
        f"src/{package}/seqstudio.toml": template("head.txt") + template(f"{kind}/manifest.txt"),
        f"tests/test_{package}.py": template(f"{kind}/test.txt"),
    }
    for place, text in texts.items():
        for mark, value in marks.items():
            text = text.replace(f"@{mark}@", value)
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [folder / place for place in texts]


def template(name: str) -> str:
    """Read a template."""
    return (files("seqstudio.host.store") / "templates" / name).read_text(encoding="utf-8")
