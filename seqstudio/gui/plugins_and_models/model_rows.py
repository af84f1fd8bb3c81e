"""What the page of models shows of each, as values read from the disk: slow, so on a thread."""

from dataclasses import dataclass
from pathlib import Path

from seqstudio.gui.plugins_and_models.plugin_rows import spaced
from seqstudio.gui.widgets.facts import Group, group, listed
from seqstudio.host.catalogue.catalogue import Catalogue, Plugin, in_the_box
from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.studio import Studio
from seqstudio.host.text_format import size
from seqstudio.services.card import Card, Figure

IMPORTED = "imported"  # the origin that the host gives


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One model, with what can be done about it."""

    name: str
    title: str
    state: str = ""  # why it cannot be used; "" where it can
    origin: str = ""  # in words
    size: str = ""
    task: str = ""
    plugin: str = ""  # the id of the plugin whose task it is for
    path: Path = Path()
    imported: bool = False
    groups: tuple[Group, ...] = ()

    @property
    def id(self) -> str:
        """What it is chosen by."""
        return self.name

    @property
    def said(self) -> str:
        """Where it comes from and how large it is, or why it cannot be used."""
        return f"broken: {self.state}" if self.state else f"{self.origin}  ·  {self.size}"

    @property
    def short(self) -> str:
        """The same, for the list."""
        return "broken" if self.state else f"{self.task}  ·  {self.size}"


def read_models(studio: Studio) -> tuple[ModelRow, ...]:
    """Read every installed model: the plugins' first, then those that were imported."""
    catalogue, models = studio.catalogue, studio.models
    imported = models.imported()
    rows = [_row(found, catalogue) for found in models.cards()]
    rows += [
        ModelRow(name=name, title=name, state=reason, imported=name in imported)
        for name, reason in models.damaged().items()
    ]
    return tuple(sorted(rows, key=lambda row: (row.imported, row.task, row.name)))


def _row(found: FoundModel, catalogue: Catalogue) -> ModelRow:
    origin = _origin(found, catalogue)
    facts = found.facts
    return ModelRow(
        name=found.name,
        title=facts.card.title or found.name,
        origin=origin,
        size=size(facts.size),
        task=facts.task,
        plugin=facts.plugin,
        path=found.path,
        imported=found.origin == IMPORTED,
        groups=card_groups(found, origin, catalogue),
    )


def card_groups(found: FoundModel, origin: str, catalogue: Catalogue) -> tuple[Group, ...]:
    """Put a model's card into words."""
    facts, card = found.facts, found.facts.card
    shape = f"{facts.parameters:,} parameters, {', '.join(facts.dtypes)}"
    return (
        group(
            "About",
            [
                ("", card.description),
                ("Name", found.name),
                ("Task", facts.task),
                ("From", origin),
                ("Language", facts.config.settings.get("language", "")),
                ("Licence", card.licence),
                ("Size", f"{size(facts.size)}, {shape}"),
            ],
        ),
        used_by(facts.task, catalogue),
        group("Measured", [(figure.name, figure_text(figure)) for figure in card.figures]),
        group("Made from", _making(card)),
        listed("Notes", card.notes),
        group("File", [("Folder", found.path), ("SHA-256", spaced(found.sha256))]),
    )


def used_by(task: str, catalogue: Catalogue) -> Group:
    """Say which operations can run a model of a task."""
    pairs = [
        (f"{plugin.title}: {entry.title}")
        for plugin in catalogue.plugins
        for entry in plugin.manifest.operations
        if task in entry.model_tasks()
    ]
    return listed("Used by", pairs, "no operation that is installed and on")


def figure_text(figure: Figure) -> str:
    """Write a figure with what it was measured on, and its interval where one is known.

    >>> figure_text(Figure(name="wer", value=0.25, split="test", items=130, low=0.2, high=0.3))
    '0.25 on 130 items of test; between 0.2 and 0.3 with 95 % confidence'
    """
    text = f"{figure.value:.4g} on {figure.items:,} items of {figure.split}"
    if figure.low is None or figure.high is None:
        return text
    return f"{text}; between {figure.low:.4g} and {figure.high:.4g} with 95 % confidence"


def _origin(found: FoundModel, catalogue: Catalogue) -> str:
    if found.origin == IMPORTED:
        return "imported"
    plugin = _plugin(found.origin, catalogue)
    if plugin is None:
        return found.origin
    return f"{plugin.title}, in the box" if in_the_box(plugin.distribution) else plugin.title


def _plugin(name: str, catalogue: Catalogue) -> Plugin | None:
    return next((one for one in catalogue.plugins if one.id == name), None)


def _making(card: Card) -> list[tuple[str, object]]:
    minutes = f"{card.training_minutes:.0f} min, {card.steps:,} steps" if card.steps else ""
    return [
        ("Data", card.data),
        ("Source", card.source),
        ("Training", ", ".join(part for part in (minutes, card.machine) if part)),
        ("Command", card.command),
    ]
