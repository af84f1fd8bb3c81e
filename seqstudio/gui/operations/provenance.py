"""What a take or a transcript was made with, also after the plugin that made it is gone."""

from collections.abc import Mapping
from typing import Any

from seqstudio.gui.operations.available import trained_models
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.studio import Studio

Record = Mapping[str, Any]  # of a take, or a transcript's provenance; empty where a person made it
Known = Mapping[str, str]  # the models there are: sha256 -> name


def known_models(studio: Studio) -> Known:
    """Give the models that are installed, and those of the runs that were trained here."""
    found = (*trained_models(studio), *studio.models.cards())
    return {model.sha256: model.name for model in found}


def made_with(record: Record, catalogue: Catalogue, models: Known) -> str:
    """Say which plugin and model made something, and whether they are gone or others now.

    What was made stays readable and can be edited; only making it again needs them.

    Returns
    -------
    one line, or '' where nothing is known

    >>> made_with({"plugin": "parrot", "plugin_version": "1.2"}, Catalogue([], {}, {}), {})
    'made with parrot 1.2, which is not installed'
    """
    plugin, model = str(record.get("plugin", "")), model_of(record)[0]
    tool = f"{plugin} {record.get('plugin_version', '')}".strip()
    parts = [
        tool + plugin_state(record, catalogue),
        f"model {model}" + model_state(record, models) if model else "",
    ]
    whole = ", ".join(part for part in parts if part)
    return f"made with {whole}" if whole else ""


def model_of(record: Record) -> tuple[str, str]:
    """Give the model's name and sha256: a plugin writes the name alone, the host both."""
    model = record.get("model") or ""
    if isinstance(model, Mapping):
        return str(model.get("name", "")), str(model.get("sha256", ""))
    return str(model), str(record.get("models", {}).get(model, ""))


def model_state(record: Record, models: Known) -> str:
    """Say what is the matter with a model, to go on from its name: ', which is ...', or ''."""
    name, sha256 = model_of(record)
    if not name or sha256 in models or (not sha256 and name in models.values()):
        return ""
    return ", which is another one now" if name in models.values() else ", which is not installed"


def plugin_state(record: Record, catalogue: Catalogue) -> str:
    """Say what is the matter with a plugin, to go on from its version."""
    plugin, version = str(record.get("plugin", "")), record.get("plugin_version")
    found = next((one for one in catalogue.plugins if one.id == plugin), None)
    if found or not plugin:
        other = found is not None and version not in (None, found.version)
        return f", which is {found.version} now" if found and other else ""
    if plugin in catalogue.disabled:
        return ", which is switched off"
    if plugin in catalogue.broken:
        return ", which is broken"
    return ", which is not installed"
