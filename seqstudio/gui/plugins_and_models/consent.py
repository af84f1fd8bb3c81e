"""The consent sheet: what a person should know before a plugin is installed."""

from dataclasses import dataclass

from seqstudio.gui.plugins_and_models.plugin_rows import ALSO, permission_group, spaced
from seqstudio.gui.widgets.facts import Group, group, listed
from seqstudio.host.store.sheet import Sheet
from seqstudio.host.text_format import size

WARNING = "A plugin's code runs with your own rights. Install only what you trust."
OFFERED = {"operations": "Operations", "tasks": "Tasks to train", "models": "Models", **ALSO}


@dataclass(frozen=True, slots=True)
class Consent:
    """A sheet in words: a question, the facts, and what both buttons are called."""

    question: str
    lead: str  # what kind of change it is
    groups: tuple[Group, ...]
    accept: str  # the button that installs
    sha256: str  # what accepting agrees to


def consent_to(sheet: Sheet) -> Consent:
    """Put a sheet into words, what matters most first: changes, then what it asks for."""
    return Consent(
        question=f"Install {sheet.title} {sheet.version}?",
        lead=lead(sheet),
        groups=(
            changes(sheet),
            permission_group(sheet.permissions),
            group("Brings", [(OFFERED[key], ", ".join(n)) for key, n in sheet.offers.items()]),
            listed(
                "Installs with it",
                (f"{name} {version}" for name, version in sheet.dependencies.items()),
                "nothing else",
            ),
            listed("Machine code", sheet.native, "none: it is Python throughout"),
            group(
                "File",
                [
                    ("From", sheet.source),
                    ("Id", sheet.id),
                    ("Licence", sheet.licence),
                    ("Size", f"{size(sheet.size)}, {size(sheet.unpacked)} unpacked"),
                    ("SHA-256", spaced(sheet.sha256)),
                ],
            ),
        ),
        accept="Install",
        sha256=sheet.sha256,
    )


def lead(sheet: Sheet) -> str:
    """Say what installing would do to what is there."""
    if not sheet.installed:
        return "It is not installed yet. Nothing of it has been run."
    if sheet.installed == sheet.version:
        return f"Version {sheet.installed} is in use, and is replaced. Nothing has been run."
    return (
        f"It takes the place of version {sheet.installed}, which stays at hand to roll back to. "
        f"Nothing of it has been run."
    )


def changes(sheet: Sheet) -> Group:
    """Say what is different from the version in use; nothing where there is none."""
    if not sheet.installed:
        return Group("", ())
    title = f"What changed since {sheet.installed}"
    return listed(title, sheet.changes, "nothing of what is listed below")
