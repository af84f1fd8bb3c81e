"""Find models by name or path: plugins' models, imported models, bundles and run folders."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from seqstudio.contracts.manifest import OperationEntry
from seqstudio.errors import JobError, ModelError
from seqstudio.host.catalogue.catalogue import Catalogue, Plugin
from seqstudio.host.catalogue.file_stamp import FileStamp, file_stamp
from seqstudio.host.profile import Profile
from seqstudio.services.bundle_files import BundleInfo, export_bundle, inspect_bundle
from seqstudio.services.runs import BASE, RUN_FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundModel:
    """A model that was found by its name or path."""

    name: str
    path: Path
    origin: str  # the plugin that ships it, "imported", or "file"
    facts: BundleInfo
    base: Path | None = None  # the bundle that it is added to, if it is an adapter

    @property
    def sha256(self) -> str:
        """The hash over the bundle's files."""
        return self.facts.sha256


class BundleCache:
    """Information on bundles, read again only when one of their files has changed."""

    def __init__(self) -> None:
        self._cached: dict[Path, tuple[Sequence[FileStamp], BundleInfo]] = {}

    def inspect(self, path: Path) -> BundleInfo:
        """Return the information on a bundle.

        Raises
        ------
        ModelError
            As `inspect_bundle`.
        """
        files = sorted(path.iterdir()) if path.is_dir() else []
        stamps = [file_stamp(str(file)) for file in (path, *files)]
        cached = self._cached.get(path)
        if cached is None or cached[0] != stamps:
            cached = self._cached[path] = (stamps, inspect_bundle(path))
        return cached[1]


class ModelCatalogue:
    """The models of one profile and its plugins. Reads JSON and file headers; loads no weights.

    Parameters
    ----------
    catalogue : the plugins in use, with the models that they ship
    profile : whose imported models are included
    bundles : a cache that outlives this object
    """

    def __init__(self, catalogue: Catalogue, profile: Profile, bundles: BundleCache) -> None:
        self._catalogue = catalogue
        self._profile = profile
        self._bundles = bundles

    def find(self, text: str) -> FoundModel:
        """Find a model by installed name, bundle path, or run folder (its best model so far).

        Raises
        ------
        ModelError
            If there is none, or a plugin's model does not have the hash in the plugin's manifest.
        """
        for plugin, entry in self._catalogue.models():
            if entry.name == text:
                facts = self._bundles.inspect(plugin.folder / entry.path)
                if facts.sha256 != entry.sha256:
                    raise ModelError(
                        f"model {text!r} of plugin {plugin.id!r}: sha256 {facts.sha256},"
                        f" expected {entry.sha256} as in its manifest"
                    )
                return self._found(text, facts, plugin.id)
        if text in self.imported():
            return self._found(text, self._bundles.inspect(self._profile.models / text), "imported")
        return self._file(Path(text).absolute(), text)

    def _file(self, path: Path, text: str) -> FoundModel:
        if not path.exists():
            names = ", ".join(self.names()) or "none"
            raise ModelError(
                f"no model {text!r}, expected a bundle, a run folder, or one of: {names}"
            )
        if (path / RUN_FILE).is_file():
            if not (path / "model").is_dir():
                raise ModelError(f"{path}: this run has no model yet, expected one in its 'model'")
            path = path / "model"
        facts = self._bundles.inspect(path)
        return self._found(facts.name, facts, "file")

    def _found(self, name: str, facts: BundleInfo, origin: str) -> FoundModel:
        base = self._base_of(facts) if facts.config.base else None
        return FoundModel(name=name, path=facts.path, origin=origin, facts=facts, base=base)

    def _base_of(self, adapter: BundleInfo) -> Path:
        """Return the bundle with the hash that an adapter names: a run's copy, or installed."""
        wanted = adapter.config.base
        plugins = [plugin.folder / entry.path for plugin, entry in self._catalogue.models()]
        imported = [self._profile.models / name for name in self.imported()]
        for path in (adapter.path.parent / BASE, *plugins, *imported):
            if wanted and path.exists() and self._bundles.inspect(path).sha256 == wanted.sha256:
                return path
        name = f"{wanted.name} (sha256 {wanted.sha256[:12]})" if wanted else "a model"
        raise ModelError(
            f"{adapter.path}: an adapter of {name}, which is not installed, expected it among "
            "`seqstudio models list`; import it first"
        )

    def names(self) -> list[str]:
        """Return the names of all installed models, those of plugins first."""
        return [entry.name for _, entry in self._catalogue.models()] + self.imported()

    def imported(self) -> list[str]:
        """Return the names of the imported models."""
        folder = self._profile.models
        return sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []

    def cards(self) -> tuple[FoundModel, ...]:
        """Return every installed model that is not `damaged`."""
        return tuple(found for found in map(self._find_sound, self.names()) if found is not None)

    def damaged(self) -> Mapping[str, str]:
        """Return the installed models that cannot be used: name -> reason."""
        reasons = {}
        for name in self.names():
            try:
                self.find(name)
            except ModelError as error:
                reasons[name] = str(error)
        return reasons

    def _find_sound(self, name: str) -> FoundModel | None:
        try:
            return self.find(name)
        except ModelError:  # reported by `damaged`
            return None

    def usable(self, plugin: Plugin, entry: OperationEntry, text: str) -> Sequence[FoundModel]:
        """Return the models that an operation can use, the default first.

        Parameters
        ----------
        plugin, entry : the operation
        text : the name or path of the one model to use; "" for all that are suitable

        Raises
        ------
        ModelError
            If the named model is for another task, or no suitable model is installed.
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
        suitable = [model for model in self.cards() if model.facts.task in tasks]
        if not suitable:
            damaged = "".join(f"; {reason}" for reason in self.damaged().values())
            raise ModelError(
                f"{plugin.id} {entry.name}: no model for {' or '.join(tasks)} is installed;"
                f" train one, and name its run folder with --model{damaged}"
            )
        return sorted(suitable, key=lambda m: (m.name not in defaults, tasks.index(m.facts.task)))

    def add(self, path: Path, name: str = "") -> FoundModel:
        """Import a bundle or a run's best model after verifying all its files.

        Raises
        ------
        ModelError
            If it is damaged, or the name is in use.
        """
        found = self._file(path.absolute(), str(path))
        name = name or found.name
        self.check_new(name)
        export_bundle(found.path, self._profile.models / name)
        return self.find(name)

    def check_new(self, name: str) -> None:
        """Raise ModelError if a model of this name is installed."""
        if name in self.names():
            raise ModelError(f"model {name!r} is installed already, expected another name")

    def export(self, text: str, target: Path, *, int8: bool = False) -> FoundModel:
        """Copy a model to a new folder, or to a single file if `target` ends in `.seqmodel`.

        `int8` stores its weights in 8 bits; see `services.bundle_files.export_bundle`.

        Raises
        ------
        ModelError
            If the model is damaged, or the target exists.
        """
        facts = export_bundle(self.find(text).path, target.absolute(), int8=int8)
        return FoundModel(name=facts.name, path=facts.path, origin="file", facts=facts)

    def remove(self, name: str) -> None:
        """Remove an imported model.

        Raises
        ------
        JobError
            If there is no imported model of this name. A plugin's model is removed with its plugin.
        """
        if name not in self.imported():
            names = ", ".join(self.imported()) or "none"
            raise JobError(f"no imported model {name!r}, expected one of: {names}")
        shutil.rmtree(self._profile.models / name)
