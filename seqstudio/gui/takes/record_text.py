"""What a take was made with, in words."""

from collections.abc import Mapping
from typing import Any

from seqstudio.contracts.manifest import OperationEntry
from seqstudio.errors import SeqStudioError
from seqstudio.gui.operations.provenance import Known, Record, model_of, model_state, plugin_state
from seqstudio.gui.widgets.facts import Fact
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.session.document import Document, Take


def facts_of(
    take: Take, document: Document, catalogue: Catalogue, models: Known
) -> tuple[Fact, ...]:
    """Say what a take was made with; a take that was brought in has its file only."""
    record = take.record
    if not record:
        clip = next((one for one in document.clips if one.id == take.clip), None)
        return (Fact("From", str(clip.path)),) if clip else (Fact("Made by", "hand"),)
    facts = [
        Fact("Made by", _maker(record, catalogue)),
        Fact("From", _source(take, document)),
        Fact("Model", _model(record, catalogue, models)),
        Fact("Seed", seed_words(record)),
        Fact("Options", options_words(record)),
        Fact("Make again", why_not_again(take, catalogue, models)),
    ]
    return tuple(fact for fact in facts if fact.text)


def in_short(take: Take) -> str:
    """Say in a line what tells a take from those that were made beside it."""
    record = take.record
    if not record:
        return "brought in" if take.clip else ""
    return " · ".join(part for part in (model_of(record)[0], seed_words(record)) if part)


def trouble(take: Take, catalogue: Catalogue, models: Known) -> str:
    """Say in a few words what of its making is gone, or another now; "" where all is there."""
    plugin, model = plugin_state(take.record, catalogue), model_state(take.record, models)
    states = (("plugin", plugin), ("model", model))
    return ", ".join(what + state.replace(", which is", "") for what, state in states if state)


def seed_words(record: Record) -> str:
    """Say which seed, and which of its takes."""
    if record.get("base_seed") is None:
        return ""
    return f"seed {record['base_seed']}, take {record.get('take', 1)}"


def options_words(record: Record) -> str:
    """Say the options with their values; those that are empty are left out."""
    shown = [
        f"{name.replace('_', ' ')} {_value(value)}"
        for name, value in record.get("options", {}).items()
        if value not in ("", None, [])
    ]
    return ", ".join(shown)


def operation_of(record: Record, catalogue: Catalogue) -> OperationEntry | None:
    """Find the operation that a record is of; None where its plugin is not installed now."""
    try:
        return catalogue.plugin(str(record.get("plugin"))).operation(str(record.get("operation")))
    except SeqStudioError:
        return None


def why_not_again(take: Take, catalogue: Catalogue, models: Known) -> str:
    """Say why a take cannot be made again, as far as can be told at once; "" if it can."""
    if not take.record:
        return "This take was not made by a model."
    name = str(take.record.get("plugin"))
    try:
        catalogue.plugin(name).operation(str(take.record.get("operation")))
    except SeqStudioError as bad:
        installed = any(plugin.id == name for plugin in catalogue.plugins)
        off = name in catalogue.disabled or name in catalogue.broken
        return str(bad) if installed or off else f"Plugin {name} is not installed."
    if state := model_state(take.record, models):
        return f"Model {model_of(take.record)[0]}{state.removeprefix(', which')}."
    return ""


def _maker(record: Record, catalogue: Catalogue) -> str:
    entry = operation_of(record, catalogue)
    plugin, version = record.get("plugin", ""), record.get("plugin_version", "")
    title = entry.title if entry else str(record.get("operation", ""))
    return f"{title} ({plugin} {version})" + plugin_state(record, catalogue)


def _source(take: Take, document: Document) -> str:
    if not take.parent:
        return "nothing"
    parent = next((one for one in document.takes if one.id == take.parent), None)
    return parent.name if parent else "a take that is not in this session any more"


def _model(record: Record, catalogue: Catalogue, models: Known) -> str:
    name, _ = model_of(record)
    if not name:
        return ""
    title = next((entry.title for _, entry in catalogue.models() if entry.name == name), "")
    device = f", on {record['device']}" if record.get("device") else ""
    return (f"{title} ({name})" if title else name) + model_state(record, models) + device


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list):
        return " ".join(map(_value, value))
    if isinstance(value, Mapping):  # a file, with its hash
        return str(value.get("path", ""))
    return str(value)
