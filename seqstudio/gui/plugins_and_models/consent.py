"""The text of the consent sheet that is shown before a plugin is installed."""

from dataclasses import dataclass

from seqstudio.gui.plugins_and_models.plugin_rows import (
    OTHER_SECTIONS,
    limits_group,
    permission_group,
    spaced,
)
from seqstudio.gui.widgets.facts import FactGroup, fact_group, line_group
from seqstudio.host.store.sheet import ConsentSheet
from seqstudio.host.text_format import format_size

SECTION_TITLES = {
    "operations": "Operations",
    "tasks": "Tasks to train",
    "models": "Models",
    **OTHER_SECTIONS,
}


@dataclass(frozen=True, slots=True)
class Consent:
    """The text of a consent sheet."""

    question: str
    summary: str  # what installing changes
    groups: tuple[FactGroup, ...]
    warning: str
    accept: str  # title of the button that installs
    sha256: str  # of what the user agrees to


def consent_text(sheet: ConsentSheet) -> Consent:
    """Return the text of a sheet: first the changes, then the permissions, then the rest."""
    return Consent(
        question=f"Install {sheet.title} {sheet.version}?",
        summary=summary(sheet),
        groups=(
            changes(sheet),
            permission_group(sheet.permissions),
            limits_group(sheet.confinement, sheet.limits),
            fact_group(
                "Contains",
                [(SECTION_TITLES[key], ", ".join(names)) for key, names in sheet.provides.items()],
            ),
            line_group(
                "Dependencies",
                (f"{name} {version}" for name, version in sheet.dependencies.items()),
                "none",
            ),
            line_group("Native code", sheet.native, "none (pure Python)"),
            fact_group(
                "File",
                [
                    ("Source", sheet.source),
                    ("ID", sheet.id),
                    ("Licence", sheet.licence),
                    ("Size", f"{format_size(sheet.size)}, {format_size(sheet.unpacked)} unpacked"),
                    ("SHA-256", spaced(sheet.sha256)),
                ],
            ),
        ),
        warning=f"{sheet.note[:1].upper()}{sheet.note[1:]}.",
        accept="Install",
        sha256=sheet.sha256,
    )


def summary(sheet: ConsentSheet) -> str:
    """Describe what installing would change."""
    if not sheet.installed:
        return "Not installed yet. None of its code has been run."
    if sheet.installed == sheet.version:
        return f"Version {sheet.installed} is installed; this replaces it. No code has been run."
    return (
        f"Replaces version {sheet.installed}, which is kept so that you can roll back to it. "
        "None of the new code has been run."
    )


def changes(sheet: ConsentSheet) -> FactGroup:
    """List the differences from the installed version; an empty group if there is none."""
    if not sheet.installed:
        return FactGroup("", ())
    title = f"What changed since {sheet.installed}"
    return line_group(title, sheet.changes, "none of the facts below")
