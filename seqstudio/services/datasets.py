"""Reading data sets through importers, and selecting and making splits. Torch-free."""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from seqstudio.contracts.data import Example, Ledger, canonical_split
from seqstudio.contracts.formats import Importer, TieredImporter
from seqstudio.contracts.task import Task, TrainConfig
from seqstudio.errors import DataError


def read_examples(
    task: Task,
    source: Path,
    ledger: Ledger,
    *,
    kinds: Sequence[str] = (),
    importers: Sequence[Importer] = (),
    others: Sequence[Importer] = (),
    wanted: str = "",
) -> list[Example]:
    """Read a source. If an id appears twice, the second example is refused.

    Only importers whose kind is among `kinds`, the kinds of data of the task, are tried.

    Parameters
    ----------
    importers, others : of the task's own plugin, and of other plugins
    wanted : the name of one of them, of the others as `PLUGIN.NAME`, perhaps with `:TIER`; ""
        chooses as `choose_importer` does

    Raises
    ------
    DataError
        If `source` does not exist or has no usable example, or nothing decides who reads it.
    """
    if not source.exists():
        raise DataError(f"{source}: not there, expected a file or folder of data")
    own, foreign = ([one for one in group if one.kind in kinds] for group in (importers, others))
    importer = (
        named_importer([*own, *foreign], wanted)
        if wanted
        else choose_importer(task, source, own, foreign)
    )
    ledger.reader = getattr(importer, "name", "") if importer else task.name
    found = importer.read(source, ledger) if importer else task.read(source, ledger)
    examples: dict[str, Example] = {}
    for example in found:
        if example.id in examples:
            ledger.refuse(example.id, "this id appears twice, expected once")
        else:
            examples[example.id] = dataclasses.replace(
                example, split=canonical_split(example.split)
            )
    _refuse_without_split(examples, ledger)
    if not examples:
        raise DataError(f"{source}: no usable example ({first_refusal(ledger)})")
    return list(examples.values())


def named_importer(importers: Sequence[Importer], wanted: str) -> Importer:
    """Return the importer with a name, for one tier of the files if `wanted` is NAME:TIER.

    Raises
    ------
    DataError
        If there is none, with a list of those there are, or it knows no tiers.
    """
    name, colon, tier = wanted.partition(":")
    for importer in importers:
        if importer.name == name:
            if not colon:
                return importer
            if isinstance(importer, TieredImporter):
                return importer.with_tier(tier)
            raise DataError(f"importer {name!r} has no tiers, expected its name alone")
    names = ", ".join(one.name for one in importers) or "none"
    raise DataError(f"no importer {name!r} for this task, expected one of: {names}")


def choose_importer(
    task: Task, source: Path, own: Sequence[Importer], others: Sequence[Importer]
) -> Importer | None:
    """Return who reads a source: what the task's plugin can read, no other plugin takes from it.

    Returns
    -------
    the first importer of the task's plugin that recognises the source; else None, the task itself,
    unless it cannot read the source and an importer of another plugin recognises it

    Raises
    ------
    DataError
        If importers of several other plugins recognise it; the text names them.
    """
    if chosen := next((one for one in own if one.recognises(source)), None):
        return chosen
    matching = [one for one in others if one.recognises(source)]
    if not matching or _reads(task, source):
        return None
    if len(matching) > 1:
        names = " and ".join(one.name for one in matching)
        raise DataError(f"{source}: recognised by {names}; name one with --importer")
    return matching[0]


def _reads(task: Task, source: Path) -> bool:
    """Whether a task itself finds an example in a source."""
    try:
        return next(iter(task.read(source, Ledger())), None) is not None
    except DataError:
        return False


def first_refusal(ledger: Ledger) -> str:
    """Return how many inputs a ledger refuses, and why the first one is.

    >>> first_refusal(Ledger(refused={"a.mid": "0 notes, expected at least 1"}))
    '1 refused, first a.mid: 0 notes, expected at least 1'
    """
    for where, reason in ledger.refused.items():
        first = reason if where in reason else f"{where}: {reason}"
        return f"{len(ledger.refused)} refused, first {first}"
    return "nothing found"


def _refuse_without_split(examples: dict[str, Example], ledger: Ledger) -> None:
    """Remove and refuse examples without a split where others have one: they belong nowhere."""
    named = sorted({example.split for example in examples.values()} - {""})
    for name in [name for name, example in examples.items() if named and not example.split]:
        where = getattr(examples.pop(name), "where", name)
        ledger.refuse(where, f"no split, expected one, as others have: {', '.join(named)}")


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

    Training and evaluation both choose by this function.

    Parameters
    ----------
    held_out : from a model's card, the rule by which its training made a valid split. It is applied
        for `train` and `valid` if the data have a train split but no valid split
    trained_on : these are the data that the model was trained on. The rule is then applied to
        unsplit data too, whose every split but `train` is the part that was held out, so that the
        model is not evaluated on examples it was trained on

    Raises
    ------
    DataError
        If there is no such split; the text lists the splits.
    """
    name = canonical_split(wanted)
    present = splits_of(examples)
    unsplit = present == ("",)
    divisible = trained_on if unsplit else "train" in present and "valid" not in present
    if held_out and divisible and (unsplit or name in ("train", "valid")):
        train, valid = hold_out([e for e in examples if e.split in ("", "train")], held_out)
        return train if name == "train" else valid
    if unsplit:
        return list(examples)
    if name not in present:
        names = ", ".join(split or "(none)" for split in present)
        raise DataError(f"split {wanted!r} is not in the data, expected one of {names}")
    return [example for example in examples if example.split == name]


def training_splits(
    examples: Sequence[Example], config: TrainConfig, *, last: bool = False
) -> tuple[list[Example], list[Example], dict[str, float]]:
    """Return the train examples, the valid examples, and the rule that held the valid ones out.

    The rule is empty if the data have a valid split. With `last` it is the last examples of each
    group that are held out.

    Raises
    ------
    DataError
        If there is no train split, or it has fewer than two examples.
    """
    present = splits_of(examples)
    train = choose_split(examples, "train")
    if "valid" in present:
        return train, choose_split(examples, "valid"), {}
    rule = {"last": config.valid_share} if last else hold_out_rule(train, config)
    if len(train) < 2:
        raise DataError(f"{len(train)} training example, expected at least 2 to hold one out")
    return *hold_out(train, rule), rule


def keep_apart(
    examples: Sequence[Example], share: float, *, last: bool = False
) -> tuple[list[Example], list[Example], dict[str, float]]:
    """Return the examples to learn from, those kept apart to judge by, and the rule.

    Kept apart is the test split if there is one; otherwise a share of the train examples: whole
    groups (speakers, recordings) if there are at least three, single examples if not. With `last`
    they are the last examples of each group. The rule is empty if the data have a test split.

    >>> songs = [Example(id=name, group=name[0]) for name in ("a1", "a2", "b1", "c1")]
    >>> rest, apart, rule = keep_apart(songs, 0.3)
    >>> [song.id for song in apart], rule
    (['c1'], {'groups': 1.0})
    """
    if "test" in splits_of(examples):
        rest = [example for example in examples if example.split != "test"]
        return rest, choose_split(examples, "test"), {}
    candidates = choose_split(examples, "train")
    groups = len({example.group for example in candidates if example.group})
    rule = {"groups": float(max(1, round(share * groups)))} if groups > 2 else {"share": share}
    rule = {"last": share} if last else rule
    apart = hold_out(candidates, rule)[1]
    ids = {example.id for example in apart}
    return [example for example in examples if example.id not in ids], apart, rule


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
    those with the smallest hashes. Examples of no group are never held out with one. The result
    does not depend on order, seed or machine. The rule `last` holds out that share of each group
    that has several examples, at least one, from its end.

    >>> songs = [Example(id=name) for name in "abcd"]
    >>> train, valid = hold_out(songs, {"share": 0.25})
    >>> [song.id for song in valid]
    ['d']
    """
    if "last" in rule:
        held = last_of_each_group(examples, rule["last"])
    elif "groups" in rule:
        groups = sorted({example.group for example in examples if example.group}, key=_sha1)
        chosen = set(groups[: int(rule["groups"])])
        held = {example.id for example in examples if example.group in chosen}
    else:
        count = max(1, round(rule["share"] * len(examples)))
        held = set(sorted((example.id for example in examples), key=_sha1)[:count])
    train = [example for example in examples if example.id not in held]
    return train, [example for example in examples if example.id in held]


def last_of_each_group(examples: Sequence[Example], share: float) -> set[str]:
    """Return the ids of the last examples of each group that has several."""
    groups: dict[str, list[str]] = {}
    for example in examples:
        groups.setdefault(example.group, []).append(example.id)
    several = [group for group in groups.values() if len(group) > 1]
    return {name for group in several for name in group[-max(1, round(share * len(group))) :]}


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
