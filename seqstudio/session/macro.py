"""The results of a session as a script of commands that makes them again, without the app."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seqstudio import __version__
from seqstudio.contracts.manifest import OperationEntry
from seqstudio.errors import JobError, SeqStudioError, SessionError
from seqstudio.host.catalogue.recognisers import named_recognisers
from seqstudio.host.jobs.inputs import SUFFIXES
from seqstudio.host.jobs.outputs import choose_formats, target_paths
from seqstudio.host.studio import Studio
from seqstudio.services.atomic_files import os_errors_as, sha256_of, write_atomic
from seqstudio.session.command_words import option_words, positional_words
from seqstudio.session.document import Clip, Document, Take

SCRIPT, HASHES = "rebuild.sh", "results.sha256"
INPUTS, RESULTS = "inputs", "results"
MIDI, TRANSCRIPT = "mid", "json"  # formats that a session reads
HEAD = """#!/bin/sh
# Makes the results of a session again: {title}. Written by SeqStudio {version}.
# The files in inputs/ are takes as they were edited by hand before an operation read them.
set -e
cd "$(dirname "$0")"
"""
TAIL = f"""if command -v sha256sum > /dev/null; then sha256sum --check {HASHES}; fi
"""


@dataclass(slots=True)
class Macro:
    """The commands, in order, and what they need and make; file names are in the script's folder.

    Attributes
    ----------
    files : inputs that no command makes
    results : id of a take or clip -> the file that is made for it
    hashes : file -> its SHA-256, of the takes
    left_out : why a result is not made again, a sentence each
    """

    commands: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    results: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    def script(self, title: str) -> str:
        """Return the text of the shell script."""
        head = HEAD.format(title=" ".join(title.split()), version=__version__)
        missing = (f"# Left out: {' '.join(reason.split())}" for reason in self.left_out)
        return head + "".join(f"{line}\n" for line in (*missing, *self.commands)) + TAIL

    def write(self, folder: Path, title: str) -> Path:
        """Write the script and the files that it needs into a folder; return the script.

        Raises
        ------
        SessionError
            If the folder holds files, or cannot be written.
        """
        with os_errors_as(SessionError, folder):
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise SessionError(f"{folder} holds files, expected a new or an empty folder")
            for name in (INPUTS, RESULTS):
                (folder / name).mkdir()
            for name, content in self.files.items():
                write_atomic(folder / name, content)
            sums = "".join(f"{sha256}  {name}\n" for name, sha256 in self.hashes.items())
            write_atomic(folder / HASHES, sums.encode())
            write_atomic(folder / SCRIPT, self.script(title).encode())
            (folder / SCRIPT).chmod(0o755)
        return folder / SCRIPT


def macro_of(document: Document, studio: Studio) -> Macro:
    """Return the commands for all takes and transcripts that operations made.

    Takes of one job are made by one command. Reads and hashes files: call it on a thread.
    """
    builder = _Builder(document, studio)
    for clip in document.clips:
        builder.add_transcript(clip)
    for take in document.takes:
        builder.add_take(take)
    return builder.macro


class _Builder:
    def __init__(self, document: Document, studio: Studio) -> None:
        self._document, self._catalogue = document, studio.catalogue
        recognisers = named_recognisers(studio.catalogue)
        self._models = {one.sha256: one.entry.name for one in recognisers if not one.missing}
        self._models |= {model.sha256: model.name for model in studio.models.cards()}
        self.macro = Macro()
        self._made: dict[str, str] = {}  # hash -> the file that a command makes
        self._takes: dict[str, int] = {}  # job -> how many takes it has to make
        for record in (take.provenance for take in document.takes):
            if "operation" in record:
                job = _job_key(record)
                self._takes[job] = max(self._takes.get(job, 1), record.get("take") or 1)
        self._stems: dict[str, Path] = {}  # job -> its results, without number and suffix

    def add_transcript(self, clip: Clip) -> None:
        """Add the command of a transcript, if an operation made it."""
        if clip.transcript and "operation" in clip.transcript.provenance:
            record = clip.transcript.provenance
            try:
                path = self._input({"path": str(clip.path), "sha256": clip.sha256})
                stem = self._command(record, {"audio": [path]}, TRANSCRIPT, takes=1)
                entry = self._entry(record)
                self.macro.results[clip.id] = _target(entry, stem, TRANSCRIPT, 1, 1)
            except SeqStudioError as error:
                self.macro.left_out.append(f"transcript of {clip.name}: {error}")

    def add_take(self, take: Take) -> None:
        """Add the command of a take, unless one of its job's takes has done so."""
        record = take.provenance
        if "operation" not in record:
            return
        try:
            job = _job_key(record)
            takes = self._takes[job]
            if job not in self._stems:
                inputs = {
                    name: [self._input(one) for one in files]
                    for name, files in record["inputs"].items()
                }
                self._stems[job] = self._command(record, inputs, MIDI, takes=takes)
            number = record.get("take") or 1
            name = _target(self._entry(record), self._stems[job], MIDI, number, takes)
            self.macro.results[take.id] = name
            self.macro.hashes[name] = sha256_of(take.midi)
            self._made[sha256_of(take.midi)] = name
        except SeqStudioError as error:
            self.macro.left_out.append(f"{take.name}: {error}")

    def _command(
        self, record: Mapping[str, Any], inputs: Mapping[str, Sequence[str]], form: str, takes: int
    ) -> Path:
        """Add a command; return its results without number and suffix."""
        entry = self._entry(record)
        stem = Path(RESULTS) / f"{len(self.macro.commands) + 1:02d}-{entry.name}"
        options = record.get("options", {})
        words = ["seqstudio", record["plugin"], entry.name, *positional_words(entry, options)]
        words += [path for port in entry.inputs for path in inputs.get(port.name, ())]
        words += option_words(entry, options)
        words += ["--model", self._model(record)] if entry.model_tasks() else []
        device = record.get("device") if entry.model_tasks() else ""
        words += ["--device", str(device)] if device else []
        if record.get("base_seed") is not None:
            words += ["--seed", str(record["base_seed"]), "--takes", str(takes)]
        self.macro.commands.append(shlex.join([*words, "--out", f"{stem}.{form}"]))
        return stem

    def _entry(self, record: Mapping[str, Any]) -> OperationEntry:
        return self._catalogue.plugin(record["plugin"]).operation(record["operation"])

    def _model(self, record: Mapping[str, Any]) -> str:
        """Return the installed model with the recorded hash."""
        model = record.get("model") or ""
        name = model["name"] if isinstance(model, Mapping) else str(model)
        sha256 = model["sha256"] if isinstance(model, Mapping) else record["models"].get(name)
        if sha256 not in self._models:
            raise JobError(f"model {name!r} is not installed as it was, expected it under Models")
        return self._models[sha256]

    def _input(self, file: Mapping[str, str]) -> str:
        """Return an input by its hash: made by a command, where it was, or a take of today."""
        sha256, path = file["sha256"], Path(file["path"])
        if sha256 in self._made:
            return self._made[sha256]
        for clip in self._document.clips:
            if clip.sha256 == sha256 and clip.path.is_file():
                return str(clip.path)
        for content in self._contents(path):
            if sha256_of(content) == sha256:
                name = f"{INPUTS}/{len(self.macro.files) + 1:02d}-{path.name}"
                known = {sha256_of(one): name for name, one in self.macro.files.items()}
                name = known.get(sha256, name)
                self.macro.files[name] = content
                return name
        raise SessionError(f"its input {path.name} has changed since, expected it as it was")

    def _contents(self, path: Path) -> Iterator[bytes]:
        """Yield what the file of a take may hold: as it is there, and the takes as they are now."""
        if path.suffix.lower() in SUFFIXES["midi"] and path.is_file():
            with os_errors_as(SessionError, path):
                yield path.read_bytes()
        for take in self._document.takes:
            yield take.midi
            yield take.score.to_bytes()


def _job_key(record: Mapping[str, Any]) -> str:
    """Return what is equal for the takes of one job, and for those that are made again alone."""
    inputs = {name: [one["sha256"] for one in files] for name, files in record["inputs"].items()}
    names = ("plugin", "operation", "options", "model", "base_seed", "device")
    return json.dumps([inputs, *(record.get(name) for name in names)], sort_keys=True, default=str)


def _target(entry: OperationEntry, stem: Path, form: str, take: int, takes: int) -> str:
    paths = target_paths(stem, choose_formats(entry, (form,), {}), take=take, takes=takes)
    return next(str(forms[form]) for forms in paths.values() if form in forms)
