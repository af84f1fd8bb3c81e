"""What a take or a transcript was made with, also after the plugin that made it is gone."""

from collections.abc import Collection, Mapping
from typing import Any

from seqstudio.host.catalogue import Catalogue


def made_with(
    record: Mapping[str, Any], catalogue: Catalogue, models: Collection[str] | None = None
) -> str:
    """Say which plugin and model made something, and whether they are gone.

    What was made stays readable and can be edited; only making it again needs them.

    Parameters
    ----------
    record : of a take, or a transcript's provenance; empty where a person made it
    catalogue : the plugins there are
    models : the names of the models there are; None where that is not to be said

    Returns
    -------
    one line, or '' where nothing is known

    >>> made_with({"plugin": "parrot", "plugin_version": "1.2"}, Catalogue([], {}, {}))
    'made with parrot 1.2, which is not installed'
    """
    plugin, model = str(record.get("plugin", "")), _model(record)
    if not plugin and not model:
        return ""
    gone = f"model {model}, which is not installed" if model else ""
    kept = f"model {model}" if model else ""
    there = models is None or model in models
    tool = f"{plugin} {record.get('plugin_version', '')}".strip()
    state = plugin_state(plugin, catalogue) if plugin else ""
    parts = [tool + state, kept if there or state else gone]
    return "made with " + ", ".join(part for part in parts if part)


def _model(record: Mapping[str, Any]) -> str:
    """Give the model's name: a plugin writes it alone, the host with its hash."""
    model = record.get("model", "")
    return str(model.get("name", "")) if isinstance(model, Mapping) else str(model or "")


def plugin_state(plugin: str, catalogue: Catalogue) -> str:
    """Say what is the matter with a plugin, to go on from its name: ', which is ...', or ''."""
    if any(one.id == plugin for one in catalogue.plugins):
        return ""
    if plugin in catalogue.disabled:
        return ", which is switched off"
    if plugin in catalogue.broken:
        return ", which is broken"
    return ", which is not installed"
