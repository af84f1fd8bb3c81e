"""Data sets: which importer reads a source, and which examples belong to a split. Torch-free."""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from seqstudio.contracts.data import Example, Ledger, canonical_split
from seqstudio.contracts.formats import Importer
from seqstudio.contracts.task import Task, TrainConfig
from seqstudio.errors import DataError


def read_examples(
    task: Task,
    source: Path,
    ledger: Ledger,
    *,
    kinds: Sequence[str] = (),
    importers: Sequence[Importer] = (),
) -> list[Example]:
    """Read a source through the importer that recognises it, else through the task itself.

    An importer counts if its data kind is among the task's `kinds`. An id that comes twice is
    refused the second time.

    Raises
    ------
    DataError
        If there is nothing at `source`, or nothing in it could be used.
    """
    if not source.exists():
        raise DataError(f"{source}: not there, expected a file or folder of data")
    fitting = (one for one in importers if one.kind in kinds and one.recognises(source))
    importer = next(fitting, None)
    found = importer.read(source, ledger) if importer else task.read(source, ledger)
    examples: dict[str, Example] = {}
    for example in found:
        if example.id in examples:
            ledger.refuse(example.id, "this id came before, expected each once")
        else:
            examples[example.id] = dataclasses.replace(
                example, split=canonical_split(example.split)
            )
    if not examples:
        raise DataError(f"{source}: no usable example ({_first_refusal(ledger)})")
    return list(examples.values())


def _first_refusal(ledger: Ledger) -> str:
    for where, reason in ledger.refused.items():
        return f"{len(ledger.refused)} refused, first {where}: {reason}"
    return "nothing found"


def splits_of(examples: Sequence[Example]) -> tuple[str, ...]:
    """Name the splits that are there, in alphabetical order; "" is unsplit."""
    return tuple(sorted({example.split for example in examples}))


def choose_split(
    examples: Sequence[Example],
    wanted: str,
    *,
    held_out: Mapping[str, float] | None = None,
    learned: bool = False,
) -> list[Example]:
    """Give the examples of a split; unsplit data answers to any name.

    Parameters
    ----------
    held_out : the rule by which a model's training made its own valid split (from its card): where
        the data have a train split and no valid one, it answers to `valid` and `train`
    learned : these are the data that the model learned from: the rule answers for them without any
        split too, or it would be measured on what it has seen

    Raises
    ------
    DataError
        If the split is not there, naming those that are.
    """
    name = canonical_split(wanted)
    present = splits_of(examples)
    unsplit = present == ("",)
    parted = learned if unsplit else "train" in present and "valid" not in present
    if held_out and parted and name in ("train", "valid"):
        train, valid = hold_out([e for e in examples if e.split in ("", "train")], held_out)
        return train if name == "train" else valid
    if unsplit:
        return list(examples)
    if name not in present:
        named = ", ".join(split or "(none)" for split in present)
        raise DataError(f"split {wanted!r} is not in the data, expected one of {named}")
    return [example for example in examples if example.split == name]


def training_splits(
    examples: Sequence[Example], config: TrainConfig
) -> tuple[list[Example], list[Example], dict[str, float]]:
    """Give the training examples, the valid ones, and the rule that held the latter out.

    The rule is empty where the data bring a valid split.

    Raises
    ------
    DataError
        If there is no train split, or too little to hold anything out.
    """
    present = splits_of(examples)
    train = choose_split(examples, "train")
    if "valid" in present:
        return train, choose_split(examples, "valid"), {}
    rule = hold_out_rule(train, config)
    if len(train) < 2:
        raise DataError(f"{len(train)} training example, expected at least 2 to hold one out")
    return *hold_out(train, rule), rule


def hold_out_rule(examples: Sequence[Example], config: TrainConfig) -> dict[str, float]:
    """Say how to hold out a valid split: whole groups where there are enough, else a share."""
    groups = {example.group for example in examples if example.group}
    if 0 < 2 * config.valid_groups < len(groups):
        return {"groups": float(config.valid_groups)}
    return {"share": config.valid_share}


def hold_out(
    examples: Sequence[Example], rule: Mapping[str, float]
) -> tuple[list[Example], list[Example]]:
    """Split examples into train and valid by the SHA-1 of a group's name, or of an id.

    The groups (rule `groups`: how many) or ids (rule `share`: which part of all) with the smallest
    hashes are held out, at least one: the same ones whatever the order, the seed or the machine.

    >>> songs = [Example(id=name) for name in "abcd"]
    >>> train, valid = hold_out(songs, {"share": 0.25})
    >>> [song.id for song in valid]
    ['d']
    """
    if "groups" in rule:
        groups = sorted({example.group for example in examples}, key=_sha1)
        chosen = set(groups[: int(rule["groups"])])
        held = {example.id for example in examples if example.group in chosen}
    else:
        count = max(1, round(rule["share"] * len(examples)))
        held = set(sorted((example.id for example in examples), key=_sha1)[:count])
    train = [example for example in examples if example.id not in held]
    return train, [example for example in examples if example.id in held]


def _sha1(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def fingerprint(examples: Sequence[Example]) -> str:
    """Hash what was read: ids, splits and tokens, in order."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(repr((example.id, example.split, example.group, example.tokens)).encode())
    return digest.hexdigest()


def hash_source(source: Path) -> str:
    """Hash the files of a data set: their names below `source`, sizes and bytes.

    For one file that is a split of a set (`SET.SPLIT.npz`) its siblings count too.
    """
    if source.is_dir():
        files = sorted(path for path in source.rglob("*") if path.is_file())
        names = [path.relative_to(source).as_posix() for path in files]
    else:
        stem = source.name.split(".")[0]
        files = sorted(source.parent.glob(f"{stem}.*{source.suffix}")) or [source]
        files = files if source in files else [source]
        names = [path.name for path in files]
    digest = hashlib.sha256()
    for name, path in zip(names, files, strict=True):
        with path.open("rb") as file:
            inner = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{name}\0{inner}\n".encode())
    return digest.hexdigest()
