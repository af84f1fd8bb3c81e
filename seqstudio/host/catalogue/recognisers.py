"""Find recognisers that plugins bring, by name or by the folder of a model."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from seqstudio.contracts.manifest import Manifest, RecogniserEntry
from seqstudio.contracts.messages import ModelSource
from seqstudio.errors import ModelError
from seqstudio.host.catalogue.catalogue import Catalogue, Plugin
from seqstudio.services.atomic_files import sha256_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRecogniser:
    """A recogniser that was found, and the folder of its model if the user named one."""

    plugin: Plugin
    entry: RecogniserEntry
    folder: Path | None = None

    @property
    def name(self) -> str:
        """The name of the recogniser, or the folder."""
        return str(self.folder) if self.folder else self.entry.name

    @property
    def source(self) -> ModelSource:
        """What a worker needs to load it."""
        path = str(self.folder) if self.folder else ""
        return ModelSource(name=self.entry.name, path=path, is_recogniser=True)

    @property
    def missing(self) -> tuple[str, ...]:
        """The packages that it needs and that are not installed."""
        return tuple(name for name in self.entry.needs if find_spec(name) is None)

    @property
    def sha256(self) -> str:
        """What identifies its model: a declared hash, or that of its files' sizes and times."""
        if self.folder is None:
            return self.entry.sha256
        stats = sorted((p.name, p.stat()) for p in self.folder.iterdir() if p.is_file())
        return sha256_of(repr([(n, s.st_size, s.st_mtime_ns) for n, s in stats]).encode())


def recognisers(catalogue: Catalogue) -> Iterator[tuple[Plugin, RecogniserEntry]]:
    """Yield all recognisers; only plugins that have some need their whole manifest."""
    for plugin in catalogue.plugins:
        if plugin.table.get("recognisers"):
            manifest: Manifest = plugin.manifest
            yield from ((plugin, entry) for entry in manifest.recognisers)


def named_recognisers(catalogue: Catalogue) -> tuple[FoundRecogniser, ...]:
    """Return those that have a model of their own, installed or not."""
    return tuple(
        FoundRecogniser(plugin=plugin, entry=entry)
        for plugin, entry in recognisers(catalogue)
        if not entry.files
    )


def find_recogniser(catalogue: Catalogue, text: str) -> FoundRecogniser | None:
    """Find a recogniser by its name, or by the folder of a model that it reads.

    Raises
    ------
    ModelError
        If something that it needs is not installed; the text says how to install it.
    """
    folder = Path(text).absolute()
    for plugin, entry in recognisers(catalogue):
        by_path = entry.files and all(any(folder.glob(file)) for file in entry.files)
        if by_path or (entry.name == text and not entry.files):
            found = FoundRecogniser(plugin=plugin, entry=entry, folder=folder if by_path else None)
            if missing := found.missing:
                raise ModelError(
                    f"{found.name} needs {', '.join(missing)}, expected it installed: "
                    f"{entry.install}"
                )
            return found
    return None
