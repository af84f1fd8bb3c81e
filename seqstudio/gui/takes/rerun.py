"""The job that generates the same take again, from the take's provenance."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from seqstudio.contracts.manifest import OperationEntry
from seqstudio.errors import SessionError
from seqstudio.gui.operations.available import trained_models
from seqstudio.gui.operations.provenance import model_of
from seqstudio.gui.workspace.take_files import midi_file, scratch_file
from seqstudio.host.profile import Profile
from seqstudio.host.studio import JobSpec, Studio
from seqstudio.services.atomic_files import sha256_of, sha256_of_file
from seqstudio.session.document import Document, Take


def rerun_spec(take: Take, document: Document, studio: Studio) -> JobSpec:
    """Return a job with the model, options, seed and inputs of a take's provenance.

    Reads and hashes the inputs: call it on a thread.

    Raises
    ------
    SeqStudioError
        If the plugin, the model or an input is no longer available.
    """
    provenance = take.provenance
    entry = studio.catalogue.plugin(provenance["plugin"]).operation(provenance["operation"])
    seeded = provenance.get("base_seed") is not None
    return JobSpec(
        plugin=provenance["plugin"],
        name=provenance["operation"],
        inputs={
            name: tuple(_find_input(one, document, studio.profile) for one in files)
            for name, files in provenance["inputs"].items()
        },
        options=_options(provenance["options"], entry),
        model=_model(provenance, studio),
        formats=("mid",),
        seed=provenance["base_seed"] if seeded else None,
        first_take=provenance["take"] if seeded else 1,
        device=provenance.get("device", "auto"),
    )


def _find_input(file: Mapping[str, str], document: Document, profile: Profile) -> Path:
    """Find a file by its hash: at its old path, or as a take or clip of the session."""
    path, sha256 = Path(file["path"]), file["sha256"]
    for one in (path, *(clip.path for clip in document.clips if clip.sha256 == sha256)):
        if one.is_file() and sha256_of_file(one) == sha256:
            return one
    for take in document.takes:
        if sha256_of(take.midi) == sha256:
            return scratch_file(take.midi, path.stem, profile)
        if sha256_of(take.score.to_bytes()) == sha256:
            return midi_file(take, profile)
    raise SessionError(f"{path.name}: changed or gone since, expected it as it was for this take")


def _model(provenance: Mapping[str, Any], studio: Studio) -> str:
    """Return the name or run folder of the model with the recorded hash."""
    name, sha256 = model_of(provenance)
    if not name:
        return ""
    named = sorted(studio.models.cards(), key=lambda model: model.name != name)
    for model in named:
        if model.sha256 == sha256:
            return model.name
    for model in trained_models(studio):
        if model.sha256 == sha256:
            return str(model.path.parent)
    raise SessionError(f"model {name}: not installed any more as it was for this take")


def _options(options: Mapping[str, Any], entry: OperationEntry) -> dict[str, Any]:
    """Return options as a job expects them: files as paths."""
    return {
        name: _paths(value, one=not entry.options[name].repeat) if _is_files(value) else value
        for name, value in options.items()
        if name in entry.options
    }


def _is_files(value: Any) -> bool:
    return (
        isinstance(value, list) and all(isinstance(one, Mapping) for one in value) and value != []
    )


def _paths(files: Iterable[Mapping[str, str]], *, one: bool) -> Any:
    paths = [file["path"] for file in files]
    return paths[0] if one else paths
