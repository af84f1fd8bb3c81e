"""The provenance of a take in words: what generated it, and whether that can be repeated."""

from collections.abc import Mapping
from typing import Any

from seqstudio.contracts.manifest import OperationEntry
from seqstudio.errors import SeqStudioError
from seqstudio.gui.operations.provenance import (
    KnownModels,
    Provenance,
    model_of,
    model_state,
    plugin_state,
)
from seqstudio.gui.widgets.facts import Fact
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.session.document import Document, Take


def facts_of(
    take: Take, document: Document, catalogue: Catalogue, models: KnownModels
) -> tuple[Fact, ...]:
    """Return the facts of a take's provenance; an imported take has only its file."""
    provenance = take.provenance
    if not provenance:
        clip = next((one for one in document.clips if one.id == take.clip), None)
        return (Fact("Imported from", str(clip.path)),) if clip else (Fact("Made by", "you"),)
    facts = [
        Fact("Made by", _maker(provenance, catalogue)),
        Fact("Source", _source(take, document)),
        Fact("Model", _model(provenance, catalogue, models)),
        Fact("Seed", seed_text(provenance)),
        Fact("Options", options_text(provenance)),
        Fact("Generate again", why_not_rerun(take, catalogue, models)),
    ]
    return tuple(fact for fact in facts if fact.text)


def short_text(take: Take) -> str:
    """Return the model and seed of a take in one line."""
    provenance = take.provenance
    if not provenance:
        return "Imported" if take.clip else ""
    return " · ".join(part for part in (model_of(provenance)[0], seed_text(provenance)) if part)


def provenance_problem(take: Take, catalogue: Catalogue, models: KnownModels) -> str:
    """Return in a few words why plugin or model are not as they were; "" if they are."""
    plugin, model = plugin_state(take.provenance, catalogue), model_state(take.provenance, models)
    states = (("plugin", plugin), ("model", model))
    return ", ".join(what + state.replace(", which is", "") for what, state in states if state)


def seed_text(provenance: Provenance) -> str:
    """Return the seed, and the number of the take of that seed."""
    if provenance.get("base_seed") is None:
        return ""
    return f"seed {provenance['base_seed']}, take {provenance.get('take', 1)}"


def options_text(provenance: Provenance) -> str:
    """Return the options with their values, without empty ones."""
    shown = [
        f"{name.replace('_', ' ')} {_value(value)}"
        for name, value in provenance.get("options", {}).items()
        if value not in ("", None, [])
    ]
    return ", ".join(shown)


def operation_entry(provenance: Provenance, catalogue: Catalogue) -> OperationEntry | None:
    """Return the operation of a provenance; None if its plugin is not installed."""
    try:
        plugin = catalogue.plugin(str(provenance.get("plugin")))
        return plugin.operation(str(provenance.get("operation")))
    except SeqStudioError:
        return None


def why_not_rerun(take: Take, catalogue: Catalogue, models: KnownModels) -> str:
    """Return why a take cannot be generated again, without reading files; "" if it can."""
    if not take.provenance:
        return "This take was not generated."
    name = str(take.provenance.get("plugin"))
    try:
        catalogue.plugin(name).operation(str(take.provenance.get("operation")))
    except SeqStudioError as error:
        installed = any(plugin.id == name for plugin in catalogue.plugins)
        off = name in catalogue.disabled or name in catalogue.broken
        return str(error) if installed or off else f"Plugin {name} is not installed."
    if state := model_state(take.provenance, models):
        return f"Model {model_of(take.provenance)[0]}{state.removeprefix(', which')}."
    return ""


def _maker(provenance: Provenance, catalogue: Catalogue) -> str:
    entry = operation_entry(provenance, catalogue)
    plugin, version = provenance.get("plugin", ""), provenance.get("plugin_version", "")
    title = entry.title if entry else str(provenance.get("operation", ""))
    return f"{title} ({plugin} {version})" + plugin_state(provenance, catalogue)


def _source(take: Take, document: Document) -> str:
    if not take.parent:
        return "New"
    parent = next((one for one in document.takes if one.id == take.parent), None)
    return parent.name if parent else "a take that was removed from this session"


def _model(provenance: Provenance, catalogue: Catalogue, models: KnownModels) -> str:
    name, _ = model_of(provenance)
    if not name:
        return ""
    title = next((entry.title for _, entry in catalogue.models() if entry.name == name), "")
    device = f", on {provenance['device']}" if provenance.get("device") else ""
    return (f"{title} ({name})" if title else name) + model_state(provenance, models) + device


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
