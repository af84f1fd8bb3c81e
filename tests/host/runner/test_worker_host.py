from pathlib import Path

import pytest

from seqstudio.contracts.messages import Item, ItemRefused, Items, PluginSource, Start
from seqstudio.errors import JobError
from seqstudio.host.runner.losses import Losses
from seqstudio.host.runner.worker_host import exchanged, read_content


def test_paths_in_messages_are_exchanged_the_file_before_its_folder() -> None:
    there = {"/jobs/7": "/tmp/x/job", "/jobs/7/in/a.wav": "/tmp/x/0/a.wav"}
    items = Items(
        items=(Item(item=1, targets={"text": {"txt": "/out/a.txt"}}),),
        inputs={"audio": ("/jobs/7/in/a.wav",)},
        pieces="/jobs/7/pieces/k.jsonl",
    )

    sent = exchanged(items, there)

    assert sent.inputs == {"audio": ("/tmp/x/0/a.wav",)}
    assert sent.pieces == "/tmp/x/job/pieces/k.jsonl"
    assert sent.items == items.items
    back = {here: path for path, here in there.items()}
    refused = ItemRefused(item=1, reason="/tmp/x/0/a.wav: cannot be copied to /tmp/x/job/1")
    reason = "/jobs/7/in/a.wav: cannot be copied to /jobs/7/1"
    assert exchanged(refused, back) == ItemRefused(item=1, reason=reason)


def test_a_folder_is_read_with_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "model" / "sub").mkdir(parents=True)
    (tmp_path / "model" / "a.json").write_bytes(b"{}")
    (tmp_path / "model" / "sub" / "b").write_bytes(b"\0")

    assert read_content(tmp_path / "model") == {"a.json": b"{}", "sub/b": b"\0"}
    assert read_content(tmp_path / "model" / "a.json") == {"": b"{}"}
    with pytest.raises(JobError, match=r"gone: No such file or directory, expected a file to send"):
        read_content(tmp_path / "gone")


def test_an_item_that_loses_three_machines_is_not_run_again() -> None:
    plugin = PluginSource(id="p", module="p", version="1", manifest={})
    start = Start(plugin=plugin, verb="operation", name="n", folder="")
    losses = Losses(start, lambda _plugin, _how: "")

    assert [losses.machine_lost([1]) for _ in range(3)] == [True, True, False]
    assert losses.machine_lost([2])
