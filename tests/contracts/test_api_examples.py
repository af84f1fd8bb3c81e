"""Every part of the plugin API has an example, and every example runs."""

import dataclasses
import doctest
import importlib.util
import inspect
import sys
import tempfile
import tomllib
import typing
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PAGE = Path(__file__).parents[2] / "docs/write_api.py"


@pytest.fixture(scope="module")
def writer() -> ModuleType:
    """Return the module that writes the reference."""
    spec = importlib.util.spec_from_file_location("write_api", PAGE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["write_api"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def names(writer: ModuleType) -> dict[str, Any]:
    """Return what the text before the examples promises, and what the manifest's needs."""
    import numpy as np
    import torch

    from seqstudio.contracts.manifest import parse_manifest

    found = {name: one for module in writer.MODULES for name, one in writer.public(module)}
    modules = {"dataclasses": dataclasses, "tempfile": tempfile, "tomllib": tomllib}
    modules |= {"typing": typing, "torch": torch, "np": np}
    return {**found, **modules, "Path": Path, "ClassVar": typing.ClassVar} | {
        "parse_manifest": parse_manifest
    }


def test_every_example_runs(writer: ModuleType, names: dict[str, Any]) -> None:
    runner = doctest.DocTestRunner(
        verbose=False, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    )
    report: list[str] = []
    for shown, example in writer.groups():
        test = doctest.DocTestParser().get_doctest(example + "\n", {**names}, shown[0], None, 0)
        runner.run(test, out=report.append)

    assert not report, "".join(report)


def test_every_name_has_an_example(writer: ModuleType) -> None:
    shown = {name for group, _ in writer.groups() for name in group}
    own = {name: one for module in writer.MODULES for name, one in writer.public(module)}
    own |= dict(writer.hooks())
    own |= {entry.__name__: entry for entry in writer.ENTRIES}
    documented = {
        name
        for name, one in own.items()
        if ">>>" in (inspect.getdoc(one) or "") and not isinstance(one, str | tuple | int)
    }

    assert sorted(own.keys() - shown - documented) == []
