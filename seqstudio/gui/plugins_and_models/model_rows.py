"""What the page of models shows, read from disk: slow, so call it on a thread."""

from dataclasses import dataclass
from pathlib import Path

from seqstudio.gui.plugins_and_models.plugin_rows import spaced
from seqstudio.gui.widgets.facts import FactGroup, fact_group, line_group
from seqstudio.gui.widgets.metric_text import metric_text, metric_value
from seqstudio.host.catalogue.catalogue import Catalogue, Plugin, is_built_in
from seqstudio.host.catalogue.models import FoundModel
from seqstudio.host.studio import Studio
from seqstudio.host.text_format import format_size
from seqstudio.services.model_card import CardMetric, ModelCard

IMPORTED = "imported"  # as `FoundModel.origin`
SPLITS = {"train": "training set", "valid": "validation set", "test": "test set"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRow:
    """One model as the page shows it."""

    name: str
    title: str
    problem: str = ""  # why it cannot be used; "" if it can
    origin: str = ""  # as shown to the user
    size: str = ""
    task: str = ""
    plugin: str = ""  # the id of the plugin that has its task
    path: Path = Path()
    imported: bool = False
    groups: tuple[FactGroup, ...] = ()

    @property
    def id(self) -> str:
        """The unique id."""
        return self.name

    @property
    def status(self) -> str:
        """The origin and size, or why it cannot be used."""
        return f"broken: {self.problem}" if self.problem else f"{self.origin}  ·  {self.size}"

    @property
    def short_status(self) -> str:
        """The status for the list."""
        return "broken" if self.problem else f"{self.task}  ·  {self.size}"


def read_models(studio: Studio) -> tuple[ModelRow, ...]:
    """Read every installed model: the plugins' first, then those that were imported."""
    catalogue, models = studio.catalogue, studio.models
    imported = models.imported()
    rows = [_row(found, catalogue) for found in models.cards()]
    rows += [
        ModelRow(name=name, title=name, problem=reason, imported=name in imported)
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
        size=format_size(facts.size),
        task=facts.task,
        plugin=facts.plugin,
        path=found.path,
        imported=found.origin == IMPORTED,
        groups=card_groups(found, origin, catalogue),
    )


def card_groups(found: FoundModel, origin: str, catalogue: Catalogue) -> tuple[FactGroup, ...]:
    """Return the facts of a model's card."""
    facts, card = found.facts, found.facts.card
    shape = f"{facts.parameters:,} parameters, {', '.join(facts.dtypes)}"
    return (
        fact_group(
            "About",
            [
                ("", card.description),
                ("Name", found.name),
                ("Task", facts.task),
                ("Source", origin),
                ("Language", facts.config.settings.get("language", "")),
                ("Licence", card.licence),
                ("Size", f"{format_size(facts.size)}, {shape}"),
            ],
        ),
        used_by(facts.task, catalogue),
        fact_group(
            "Measured", [(metric_text(one.name).title, measurement(one)) for one in card.metrics]
        ),
        fact_group("Training", _training_facts(card)),
        line_group("Remarks", card.remarks),
        fact_group("File", [("Folder", found.path), ("SHA-256", spaced(found.sha256))]),
    )


def used_by(task: str, catalogue: Catalogue) -> FactGroup:
    """List the operations that can use a model of a task."""
    pairs = [
        (f"{plugin.title}: {entry.title}")
        for plugin in catalogue.plugins
        for entry in plugin.manifest.operations
        if task in entry.model_tasks()
    ]
    return line_group("Used by", pairs, "no enabled operation")


def measurement(metric: CardMetric) -> str:
    """Write a metric's value, its interval if there is one, and what it was measured on.

    >>> measurement(CardMetric(name="wer", value=0.25, split="test", items=9, low=0.2, high=0.3))
    '25 % (20 % to 30 % with 95 % confidence), on 9 items of the test set'
    """
    interval = ""
    if metric.low is not None and metric.high is not None:
        low, high = (metric_value(metric.name, bound) for bound in (metric.low, metric.high))
        interval = f" ({low} to {high} with 95 % confidence)"
    value = metric_value(metric.name, metric.value)
    split = SPLITS.get(metric.split, f"{metric.split} set")
    return f"{value}{interval}, on {metric.items:,} items of the {split}"


def _origin(found: FoundModel, catalogue: Catalogue) -> str:
    if found.origin == IMPORTED:
        return "imported"
    plugin = _plugin(found.origin, catalogue)
    if plugin is None:
        return found.origin
    return f"{plugin.title}, built in" if is_built_in(plugin.distribution) else plugin.title


def _plugin(name: str, catalogue: Catalogue) -> Plugin | None:
    return next((plugin for plugin in catalogue.plugins if plugin.id == name), None)


def _training_facts(card: ModelCard) -> list[tuple[str, object]]:
    minutes = f"{card.training_minutes:.0f} min, {card.steps:,} steps" if card.steps else ""
    return [
        ("Data", card.data),
        ("Source", card.source),
        ("Time", ", ".join(part for part in (minutes, card.machine) if part)),
        ("Command", card.command),
    ]
