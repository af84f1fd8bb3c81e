"""Reading data sets through importers, and selecting and making splits. Torch-free."""

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
    """Read a source with the first importer that recognises it, or with the task if none does.

    Only importers whose kind is among `kinds`, the kinds of data of the task, are tried. If an id
    appears twice, the second example is refused.

    Raises
    ------
    DataError
        If `source` does not exist, or has no usable example.
    """
    if not source.exists():
        raise DataError(f"{source}: not there, expected a file or folder of data")
    matching = (one for one in importers if one.kind in kinds and one.recognises(source))
    importer = next(matching, None)
    found = importer.read(source, ledger) if importer else task.read(source, ledger)
    examples: dict[str, Example] = {}
    for example in found:
        if example.id in examples:
            ledger.refuse(example.id, "this id appears twice, expected once")
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
    """Return the names of the splits in alphabetical order; "" stands for unsplit examples."""
    return tuple(sorted({example.split for example in examples}))


def choose_split(
    examples: Sequence[Example],
    wanted: str,
    *,
    held_out: Mapping[str, float] | None = None,
    trained_on: bool = False,
) -> list[Example]:
    """Return the examples of a split; unsplit data belongs to every split.

    Parameters
    ----------
    held_out : from a model's card, the rule by which its training made a valid split. It is applied
        for `train` and `valid` if the data have a train split but no valid split
    trained_on : these are the data that the model was trained on. The rule is then applied to
        unsplit data too, so that the model is not evaluated on examples it was trained on

    Raises
    ------
    DataError
        If there is no such split; the text lists the splits.
    """
    name = canonical_split(wanted)
    present = splits_of(examples)
    unsplit = present == ("",)
    divisible = trained_on if unsplit else "train" in present and "valid" not in present
    if held_out and divisible and name in ("train", "valid"):
        train, valid = hold_out([e for e in examples if e.split in ("", "train")], held_out)
        return train if name == "train" else valid
    if unsplit:
        return list(examples)
    if name not in present:
        names = ", ".join(split or "(none)" for split in present)
        raise DataError(f"split {wanted!r} is not in the data, expected one of {names}")
    return [example for example in examples if example.split == name]


def training_splits(
    examples: Sequence[Example], config: TrainConfig
) -> tuple[list[Example], list[Example], dict[str, float]]:
    """Return the train examples, the valid examples, and the rule that held the valid ones out.

    The rule is empty if the data have a valid split.

    Raises
    ------
    DataError
        If there is no train split, or it has fewer than two examples.
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
    """Return the rule for a valid split: whole groups if there are enough, otherwise a share."""
    groups = {example.group for example in examples if example.group}
    if 0 < 2 * config.valid_groups < len(groups):
        return {"groups": float(config.valid_groups)}
    return {"share": config.valid_share}


def hold_out(
    examples: Sequence[Example], rule: Mapping[str, float]
) -> tuple[list[Example], list[Example]]:
    """Split examples into train and valid by the SHA-1 of their groups or ids.

    The rule `groups` holds out that many groups, and `share` that share of the ids, at least one:
    those with the smallest hashes. The result does not depend on order, seed or machine.

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
    """Hash the ids, splits, groups and tokens of examples, in order."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(repr((example.id, example.split, example.group, example.tokens)).encode())
    return digest.hexdigest()


def hash_source(source: Path) -> str:
    """Hash the files of a data set: their names relative to `source`, and their contents.

    If `source` is a file with one split of a set (`SET.SPLIT.npz`), the other splits are included.
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
