"""`seqstudio doctor`: check this machine and the installation."""

import importlib.metadata
import os
import platform
import shutil
import stat
import subprocess
import sys
import time
from dataclasses import dataclass

import click

from seqstudio import __version__
from seqstudio.cli.options import json_flag
from seqstudio.cli.output import echo, to_json
from seqstudio.host.catalogue.catalogue import Catalogue
from seqstudio.host.catalogue.confined import confinement_of
from seqstudio.host.jobs.outputs import nearest_existing
from seqstudio.host.processes import usable_cpu_count
from seqstudio.host.profile import Profile
from seqstudio.host.text_format import format_size, one_line

REQUIRED_LIBRARIES = ("torch", "torchaudio", "numpy", "soundfile", "soxr", "safetensors", "Pillow")
GPU_PROBE = """
import torch, torchaudio
print(torch.cuda.get_device_name() if torch.cuda.is_available()
      else "Apple GPU, which auto does not choose" if torch.backends.mps.is_available() else "")
"""
OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH
FREE_BYTES = 500_000_000  # enough for a run folder with its checkpoints


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check."""

    subject: str
    fact: str
    problem: str = ""  # with its remedy; "" if there is none


@click.command()
@json_flag
def doctor(*, as_json: bool) -> None:
    """Check this machine and the installation. The exit code is 1 if there is a problem."""
    profile = Profile()
    findings = [
        *machine_findings(),
        *library_findings(),
        *plugin_findings(profile),
        confinement_finding(profile),
        profile_finding(profile),
    ]
    if as_json:
        echo(to_json(findings))
    else:
        for finding in findings:
            echo(one_line(f"{finding.subject}: {finding.fact}"))
    problems = [finding for finding in findings if finding.problem]
    for finding in problems:
        echo(one_line(f"{finding.subject}: {finding.problem}"), err=True)
    if problems:
        click.get_current_context().exit(1)


def machine_findings() -> list[Finding]:
    """Report versions, processors and accelerators."""
    supported = sys.platform in ("linux", "darwin")
    return [
        Finding("SeqStudio", __version__),
        Finding("Python", f"{platform.python_version()} at {sys.executable}"),
        Finding(
            "system",
            f"{platform.system()} {platform.release()}, {platform.machine()}",
            "" if supported else "only Linux is tested; workers need POSIX sockets",
        ),
        Finding("processors", f"{usable_cpu_count()} usable"),
        gpu_finding(),
        sound_finding(),
    ]


def sound_finding() -> Finding:
    """Report what scores are played with."""
    from seqstudio.media.rendering import describe_sound  # with numpy, which --help does without

    return Finding("sound of scores", describe_sound())


def gpu_finding() -> Finding:
    """Import torch in a separate process, and report the accelerator that it can use."""
    started = time.monotonic()
    probe = subprocess.run(
        [sys.executable, "-c", GPU_PROBE], capture_output=True, text=True, check=False
    )
    if probe.returncode:
        last = (probe.stderr.strip().splitlines() or [f"exit {probe.returncode}"])[-1]
        return Finding("torch loads", "no", f"{last}; reinstall torch and torchaudio")
    seconds = time.monotonic() - started
    found = probe.stdout.strip()
    accelerator = f"{found}; its speed is not measured yet" if found else "no GPU: CPU only"
    return Finding("torch loads", f"in {seconds:.1f} s; {accelerator}")


def library_findings() -> list[Finding]:
    """Report the versions of the libraries that workers import, without importing them."""
    found = []
    for name in REQUIRED_LIBRARIES:
        try:
            found.append(Finding(name, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            found.append(Finding(name, "missing", f"not installed; pip install {name}"))
    return found


def plugin_findings(profile: Profile) -> list[Finding]:
    """Report plugins and their models, and why plugins were refused."""
    catalogue = Catalogue.load(profile)
    found = []
    for plugin in catalogue.plugins:
        count = len(plugin.table.get("models", ()))
        models = f"{count} model{'' if count == 1 else 's'}"
        found.append(Finding(f"plugin {plugin.id}", f"{plugin.version}, {models}, {plugin.root}"))
    found += [Finding(f"plugin {name}", "refused", why) for name, why in catalogue.broken.items()]
    return found or [Finding("plugins", "none", "no plugin is installed; see README.md")]


def confinement_finding(profile: Profile) -> Finding:
    """Report how far this machine keeps plugins within their limits."""
    found = confinement_of(profile)
    return Finding("limits of plugins", f"{found.text}; {'; '.join(found.lines())}")


def profile_finding(profile: Profile) -> Finding:
    """Check that the profile folder is writable and has enough free space."""
    folder = nearest_existing(profile.home)
    free = shutil.disk_usage(folder).free
    fact = f"{profile.home}, {format_size(free)} free"
    if not os.access(folder, os.W_OK):
        return Finding("profile", fact, f"{folder} cannot be written; set SEQSTUDIO_HOME")
    if folder == profile.home and folder.stat().st_mode & OTHERS_MAY_WRITE:
        return Finding("profile", fact, f"other users may write it; chmod go-w {folder}")
    short = f"less than {format_size(FREE_BYTES)} free; training needs more"
    return Finding("profile", fact, short if free < FREE_BYTES else "")
