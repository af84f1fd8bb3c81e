"""`seqstudio doctor`: what this machine can do, and what is amiss."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass

import click

from seqstudio import __version__
from seqstudio.cli.options import json_flag
from seqstudio.cli.output import to_json
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.processes import processors
from seqstudio.host.profile import Profile
from seqstudio.host.text_format import size

NEEDED = ("torch", "torchaudio", "numpy", "soundfile", "soxr", "safetensors", "Pillow")
QUESTION = """
import torch, torchaudio
print(torch.cuda.get_device_name() if torch.cuda.is_available()
      else "Apple GPU" if torch.backends.mps.is_available() else "")
"""
FREE_BYTES = 500_000_000  # a run folder, its checkpoints, and room to spare


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    fact: str
    amiss: str = ""  # what to do about it; "" where all is well


@click.command()
@json_flag
def doctor(*, as_json: bool) -> None:
    """Say what this machine can do, and what is amiss. Exit code 1 if something is."""
    profile = Profile()
    findings = [*machine(), *libraries(), *plugin_findings(profile), home(profile)]
    if as_json:
        click.echo(to_json(findings))
    else:
        for finding in findings:
            click.echo(f"{finding.subject}: {finding.fact}")
    amiss = [finding for finding in findings if finding.amiss]
    for finding in amiss:
        click.echo(f"{finding.subject}: {finding.amiss}", err=True)
    if amiss:
        click.get_current_context().exit(1)


def machine() -> list[Finding]:
    """Look at versions, processors and accelerators."""
    supported = sys.platform in ("linux", "darwin")
    return [
        Finding("SeqStudio", __version__),
        Finding("Python", f"{platform.python_version()} at {sys.executable}"),
        Finding(
            "system",
            f"{platform.system()} {platform.release()}, {platform.machine()}",
            "" if supported else "only Linux is tested; workers need POSIX sockets",
        ),
        Finding("processors", f"{processors()} usable"),
        gpu(),
    ]


def gpu() -> Finding:
    """Ask torch, in a process of its own, whether it loads and which accelerator it can use."""
    began = time.monotonic()
    asked = subprocess.run(
        [sys.executable, "-c", QUESTION], capture_output=True, text=True, check=False
    )
    if asked.returncode:
        last = (asked.stderr.strip().splitlines() or [f"exit {asked.returncode}"])[-1]
        return Finding("torch loads", "no", f"{last}; reinstall torch and torchaudio")
    seconds = time.monotonic() - began
    found = asked.stdout.strip()
    accelerator = f"{found}; speeds are not yet measured on it" if found else "no GPU: CPU only"
    return Finding("torch loads", f"in {seconds:.1f} s; {accelerator}")


def libraries() -> list[Finding]:
    """Look up the versions of what workers import, without importing it."""
    found = []
    for name in NEEDED:
        try:
            found.append(Finding(name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            found.append(Finding(name, "missing", f"not installed; pip install {name}"))
    return found


def plugin_findings(profile: Profile) -> list[Finding]:
    """Name plugins and their models; say what is amiss with refused ones."""
    catalogue = Catalogue.load(profile)
    found = []
    for plugin in catalogue.plugins:
        count = len(plugin.table.get("models", ()))
        models = f"{count} model{'' if count == 1 else 's'}"
        found.append(Finding(f"plugin {plugin.id}", f"{plugin.version}, {models}, {plugin.root}"))
    found += [Finding(f"plugin {name}", "refused", why) for name, why in catalogue.broken.items()]
    return found or [Finding("plugins", "none", "no plugin is installed; see README.md")]


def home(profile: Profile) -> Finding:
    """See whether the profile's folder can be written, and has room."""
    folder = profile.home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    fact = f"{profile.home}, {size(free)} free"
    if not os.access(folder, os.W_OK):
        return Finding("profile", fact, f"{folder} cannot be written; set SEQSTUDIO_HOME")
    short = f"less than {size(FREE_BYTES)} free; training needs more"
    return Finding("profile", fact, short if free < FREE_BYTES else "")
