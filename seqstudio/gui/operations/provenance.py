"""What a take or a transcript was made with, also after the plugin that made it is gone."""

from collections.abc import Mapping
from typing import Any

from seqstudio.gui.operations.available import trained_models
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.studio import Studio

Provenance = Mapping[str, Any]  # of a take or a transcript; empty where the user made it
KnownModels = Mapping[str, str]  # the models that exist: sha256 -> name


def known_models(studio: Studio) -> KnownModels:
    """Return the installed models, and those of the runs that were trained here."""
    found = (*trained_models(studio), *studio.models.cards())
    return {model.sha256: model.name for model in found}


def made_with(provenance: Provenance, catalogue: Catalogue, models: KnownModels) -> str:
    """Return which plugin and model made something, and whether they are gone or have changed.

    The result stays readable and editable without them; only making it again needs them.

    Returns
    -------
    one line, or '' where nothing is known

    >>> made_with({"plugin": "parrot", "plugin_version": "1.2"}, Catalogue([], {}, {}), {})
    'made with parrot 1.2, which is not installed'
    """
    plugin, model = str(provenance.get("plugin", "")), model_of(provenance)[0]
    tool = f"{plugin} {provenance.get('plugin_version', '')}".strip()
    parts = [
        tool + plugin_state(provenance, catalogue),
        f"model {model}" + model_state(provenance, models) if model else "",
    ]
    text = ", ".join(part for part in parts if part)
    return f"made with {text}" if text else ""


def model_of(provenance: Provenance) -> tuple[str, str]:
    """Return the model's name and sha256: a plugin writes the name alone, the host both."""
    model = provenance.get("model") or ""
    if isinstance(model, Mapping):
        return str(model.get("name", "")), str(model.get("sha256", ""))
    return str(model), str(provenance.get("models", {}).get(model, ""))


def model_state(provenance: Provenance, models: KnownModels) -> str:
    """Return a clause to append to the model's name if it is gone or another one: ', which ...'."""
    name, sha256 = model_of(provenance)
    if not name or sha256 in models or (not sha256 and name in models.values()):
        return ""
    return ", which is another one now" if name in models.values() else ", which is not installed"


def plugin_state(provenance: Provenance, catalogue: Catalogue) -> str:
    """Return a clause to append to the plugin's version if it is gone or another one."""
    plugin, version = str(provenance.get("plugin", "")), provenance.get("plugin_version")
    found = next((one for one in catalogue.plugins if one.id == plugin), None)
    if found or not plugin:
        other = found is not None and version not in (None, found.version)
        return f", which is {found.version} now" if found and other else ""
    if plugin in catalogue.disabled:
        return ", which is disabled"
    if plugin in catalogue.broken:
        return ", which is broken"
    return ", which is not installed"
