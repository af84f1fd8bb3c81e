"""Models in a worker: loaded on first use, which is when torch is imported."""

import os
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any

from seqstudio.contracts.adaptation import AdaptConfig
from seqstudio.contracts.job import LoadedModel
from seqstudio.contracts.messages import ModelSource
from seqstudio.contracts.recogniser import LoadedRecogniser
from seqstudio.errors import ModelError, PluginError
from seqstudio.host.worker.plugins import Plugins

CAPACITY = 4  # models that stay loaded


class ModelCache:
    """The loaded models of a worker, also for its next job; the least recently used goes first.

    The key of a model is its path, the hash of its files, and its device, so that another model at
    the same path is loaded again.
    """

    def __init__(self) -> None:
        self._models: dict[Hashable, LoadedModel] = {}

    def get(self, key: Hashable, load: Callable[[], LoadedModel]) -> LoadedModel:
        """Return a model, loading it if it is not cached."""
        model = self._models.pop(key, None) or load()
        self._models[key] = model
        if len(self._models) > CAPACITY:
            del self._models[next(iter(self._models))]
        return model


class JobModels:
    """The models that a job may load; the first is the default.

    A `generative` operation draws token after token, for which `auto` may be another device.
    """

    def __init__(
        self,
        sources: Sequence[ModelSource],
        plugins: Plugins,
        device: str,
        cache: ModelCache,
        *,
        generative: bool = False,
    ) -> None:
        self._sources = tuple(sources)
        self._plugins = plugins
        self._wanted = device
        self._generative = generative
        self._cache = cache
        self._device = ""
        self._loaded: dict[str, LoadedModel] = {}
        self._recogniser: LoadedRecogniser | None = None

    def device(self) -> str:
        """Resolve the device, once."""
        if not self._device:
            from seqstudio.core.devices import choose_device  # imports torch

            self._device = choose_device(self._wanted, stepping=self._generative)
        return self._device

    def load(self, prefer: str = "") -> LoadedModel:
        """Load the preferred model if the job may choose, else the first one.

        Raises
        ------
        ModelError
            If there is no model to load, or the bundle is damaged.
        """
        if not self._sources:
            raise ModelError("no model is installed for this operation; name one with --model")
        free = len(self._sources) > 1 and prefer
        source = self._find(prefer) if free else self._sources[0]
        if source.path not in self._loaded:
            self._loaded[source.path] = self._read(source)
        return self._loaded[source.path]

    def recogniser(self) -> LoadedRecogniser | None:
        """Load the recogniser that the user chose; None if it is a model."""
        if not self.is_recogniser:
            return None
        if self._recogniser is None:
            source = self._sources[0]
            folder = Path(source.path) if source.path else None
            threads = int(os.environ.get("OMP_NUM_THREADS", "1"))
            self._recogniser = self._plugins.load_recogniser(source.name, folder, threads)
        return self._recogniser

    @property
    def is_recogniser(self) -> bool:
        """Whether the user chose a recogniser from outside."""
        return any(source.is_recogniser for source in self._sources)

    def load_path(self, path: Path) -> LoadedModel:
        """Load another model: a bundle, or the best one of a run folder.

        Raises
        ------
        ModelError
            If there is none, or it is damaged or of another plugin's task.
        """
        bundle = path / "model" if (path / "model").is_dir() else path
        if str(bundle) not in self._loaded:
            try:
                source = ModelSource(name=path.name, path=str(bundle))
                self._loaded[str(bundle)] = self._read(source)
            except PluginError as error:
                raise ModelError(f"{path}: a model of another plugin; {error}") from error
        return self._loaded[str(bundle)]

    def adapt(
        self,
        model: LoadedModel,
        examples: Sequence[Any],
        config: AdaptConfig,
        check: Callable[[], None],
    ) -> LoadedModel:
        """Return a loaded model adapted to examples, which no later job finds."""
        from seqstudio.services.adaptation import adapted
        from seqstudio.services.bundles import LoadedBundle

        if not isinstance(model, LoadedBundle):
            kind = type(model).__name__
            raise PluginError(f"adapt a {kind}, expected a model that `Job.model` returned")
        task = self._plugins.own("tasks", model.task)
        return adapted(model, task, examples, config, check)

    def _find(self, name: str) -> ModelSource:
        for source in self._sources:
            if source.name == name:
                return source
        names = ", ".join(source.name for source in self._sources)
        raise ModelError(f"model {name!r} is not installed, expected one of: {names}")

    def _read(self, source: ModelSource) -> LoadedModel:
        from seqstudio.core.parts import with_plugin_parts
        from seqstudio.services.bundle_files import inspect_bundle
        from seqstudio.services.bundles import load_bundle

        facts = inspect_bundle(Path(source.path))
        needed = [text.partition(">=")[0] for text in facts.config.requires.values()]
        if why := self._plugins.reason_left_out(needed):
            raise ModelError(f"{source.name}: a part of it is missing{why}")
        task = self._plugins.own("tasks", facts.task)
        parts = with_plugin_parts(self._plugins.all_contributions("parts"))
        device = self.device()
        return self._cache.get(
            (source.path, facts.sha256, device),
            lambda: load_bundle(
                source.path,
                task,
                device=device,
                parts=parts,
                base=Path(source.base) if source.base else None,
            ),
        )
