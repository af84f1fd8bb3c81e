"""Models by name: those in plugins' packages, those a person imported, bundles and run folders."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.manifest import OperationEntry
from seqstudio.errors import JobError, ModelError
from seqstudio.host.catalogue.catalogue import Catalogue, Plugin, Stamp, stamp
from seqstudio.host.profile import Profile
from seqstudio.services.bundle_files import BundleFacts, export_bundle, inspect


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundModel:
    """A model that was named or looked up."""

    name: str
    path: Path
    origin: str  # the plugin that ships it, "imported", or "file"
    facts: BundleFacts

    @property
    def sha256(self) -> str:
        """The hash over the bundle's files."""
        return self.facts.sha256


class Bundles:
    """What bundles say of themselves, read anew only where a file of theirs has changed."""

    def __init__(self) -> None:
        self._read: dict[Path, tuple[Sequence[Stamp], BundleFacts]] = {}

    def inspect(self, path: Path) -> BundleFacts:
        """Give the facts of a bundle.

        Raises
        ------
        ModelError
            As `inspect` of the bundle's files.
        """
        files = sorted(path.iterdir()) if path.is_dir() else []
        stamps = [stamp(str(file)) for file in (path, *files)]
        kept = self._read.get(path)
        if kept is None or kept[0] != stamps:
            kept = self._read[path] = (stamps, inspect(path))
        return kept[1]


class Models:
    """The models of one profile and its plugins. Looks at JSON and headers; loads no weights.

    Parameters
    ----------
    catalogue : the plugins that there are
    profile : where the person's own models are
    bundles : what has been read already
    """

    def __init__(self, catalogue: Catalogue, profile: Profile, bundles: Bundles) -> None:
        self._catalogue = catalogue
        self._profile = profile
        self._bundles = bundles

    def find(self, text: str) -> FoundModel:
        """Find an installed name, a bundle, or a run folder (whose best model so far it takes).

        Raises
        ------
        ModelError
            If there is none, or a shipped one has not the hash that its plugin's manifest gives.
        """
        for plugin, entry in self._catalogue.models():
            if entry.name == text:
                facts = self._bundles.inspect(plugin.folder / entry.path)
                if facts.sha256 != entry.sha256:
                    raise ModelError(
                        f"model {text!r} of plugin {plugin.id!r}: sha256 {facts.sha256},"
                        f" expected {entry.sha256} as in its manifest"
                    )
                return FoundModel(name=text, path=facts.path, origin=plugin.id, facts=facts)
        if text in self.imported():
            path = self._profile.models / text
            facts = self._bundles.inspect(path)
            return FoundModel(name=text, path=path, origin="imported", facts=facts)
        return self._file(Path(text).absolute(), text)

    def _file(self, path: Path, text: str) -> FoundModel:
        if not path.exists():
            names = ", ".join(self.names()) or "none"
            raise ModelError(
                f"no model {text!r}, expected a bundle, a run folder, or one of: {names}"
            )
        if (path / "run.json").is_file():
            if not (path / "model").is_dir():
                raise ModelError(f"{path}: this run has no model yet, expected one in its 'model'")
            path = path / "model"
        facts = self._bundles.inspect(path)
        return FoundModel(name=facts.name, path=path, origin="file", facts=facts)

    def names(self) -> list[str]:
        """Give the installed names: the plugins' first."""
        return [entry.name for _, entry in self._catalogue.models()] + self.imported()

    def imported(self) -> list[str]:
        """Give the names of the models that the person imported."""
        folder = self._profile.models
        return sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []

    def cards(self) -> tuple[FoundModel, ...]:
        """Give every installed model; a damaged one is left out and named by `damaged`."""
        return tuple(found for found in map(self._look, self.names()) if found is not None)

    def damaged(self) -> Mapping[str, str]:
        """Give why installed models cannot be used: name -> reason."""
        reasons = {}
        for name in self.names():
            try:
                self.find(name)
            except ModelError as bad:
                reasons[name] = str(bad)
        return reasons

    def _look(self, name: str) -> FoundModel | None:
        try:
            return self.find(name)
        except ModelError:  # told by `damaged`
            return None

    def usable(self, plugin: Plugin, entry: OperationEntry, text: str) -> Sequence[FoundModel]:
        """Give the models that an operation may load, the default first.

        Raises
        ------
        ModelError
            If the named model is for another task, or none is installed.
        """
        tasks = entry.model_tasks()
        if not tasks:
            if text:
                raise ModelError(f"{plugin.id} {entry.name} uses no model, not {text}")
            return ()
        if text:
            found = self.find(text)
            if found.facts.task not in tasks:
                raise ModelError(
                    f"model {found.name!r} is for {found.facts.task}, expected a model for"
                    f" {plugin.id} {entry.name}: {' or '.join(tasks)}"
                )
            return (found,)
        defaults = [m.name for m in plugin.manifest.models if entry.name in m.default_for]
        fitting = [one for one in self.cards() if one.facts.task in tasks]
        if not fitting:
            damaged = "".join(f"; {reason}" for reason in self.damaged().values())
            raise ModelError(
                f"{plugin.id} {entry.name}: no model for {' or '.join(tasks)} is installed;"
                f" train one, and name its run folder with --model{damaged}"
            )
        return sorted(fitting, key=lambda m: (m.name not in defaults, tasks.index(m.facts.task)))

    def add(self, path: Path, name: str = "") -> FoundModel:
        """Import a bundle or a run's best model, after checking every file of it.

        Raises
        ------
        ModelError
            If it is damaged, or the name is taken.
        """
        found = self._file(path.absolute(), str(path))
        name = name or found.name
        if name in self.names():
            raise ModelError(f"model {name!r} is installed already, expected another name")
        export_bundle(found.path, self._profile.models / name)
        return self.find(name)

    def export(self, text: str, target: Path) -> FoundModel:
        """Copy a model to a new folder, or to one file if `target` ends in `.seqmodel`.

        Raises
        ------
        ModelError
            If the model does not verify, or the target exists.
        """
        facts = export_bundle(self.find(text).path, target.absolute())
        return FoundModel(name=facts.name, path=facts.path, origin="file", facts=facts)

    def remove(self, name: str) -> None:
        """Remove an imported model.

        Raises
        ------
        JobError
            If there is none of this name; a plugin's model goes with its plugin.
        """
        if name not in self.imported():
            names = ", ".join(self.imported()) or "none"
            raise JobError(f"no imported model {name!r}, expected one of: {names}")
        shutil.rmtree(self._profile.models / name)
