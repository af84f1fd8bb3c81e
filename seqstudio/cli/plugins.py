"""`seqstudio plugins`: the commands that manage plugins."""

import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seqstudio.cli.dev import dev
from seqstudio.cli.options import json_flag
from seqstudio.cli.output import echo, table, to_json
from seqstudio.cli.packs import pack, shelf_option, shelf_table
from seqstudio.cli.plugin_facts import (
    KINDS,
    entry_names,
    extension_texts,
    fact_rows,
    plugin_summary,
)
from seqstudio.cli.plugin_trials import bisect, logs, shadow_lines
from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Catalogue, is_built_in
from seqstudio.host.catalogue.confined import confinement_of
from seqstudio.host.catalogue.installed import read_installed
from seqstudio.host.profile import Profile
from seqstudio.host.text_format import count_text, format_size, one_line

if TYPE_CHECKING:  # slow to import, and not needed by `plugins list`
    from seqstudio.host.store.install import InspectedPlugin
    from seqstudio.host.store.sheet import ConsentSheet
    from seqstudio.host.store.store import Store

plugin_argument = click.argument("plugin")
source_argument = click.argument("source", type=click.Path(path_type=Path))


@click.group()
def plugins() -> None:
    """Install, list, enable, disable and remove plugins.

    A plugin runs in a separate process. The permissions that it asks for are shown before it is
    installed.
    """


plugins.add_command(dev)
plugins.add_command(pack)
plugins.add_command(logs)
plugins.add_command(bisect)


@plugins.command("list")
@shelf_option
@json_flag
def list_plugins(*, shelf: Path | None, as_json: bool) -> None:
    """List plugins and what each provides, and why others were refused; or the packs on a shelf."""
    if shelf:
        from seqstudio.host.store.shelf import read_shelf

        echo(to_json(read_shelf(shelf).packs) if as_json else shelf_table(shelf))
        return
    profile = Profile()
    catalogue = Catalogue.load(profile)
    off, confinement = catalogue.disabled, confinement_of(profile)
    if as_json:
        found = [plugin_summary(plugin) for plugin in catalogue.plugins]
        refused = catalogue.broken
        word = confinement.word
        echo(to_json({"plugins": found, "refused": refused, "switched_off": off, "limits": word}))
        return
    rows = plugin_rows(profile, off)
    head = ("plugin", "version", "api", "state", *KINDS, "adds to others")
    echo(table(head, rows) if rows else "No plugin is installed.")
    echo(f"Limits of plugins: {confinement.text}")
    for status, reasons in (("refused", catalogue.broken), ("switched off", off)):
        for name, reason in reasons.items():
            echo(one_line(f"{status}: {name}: {reason}"), err=True)


def plugin_rows(profile: Profile, off: Collection[str]) -> list[tuple[str, ...]]:
    """Return a row for each plugin; one that is used in its author's folder has the state dev."""
    linked = read_installed(profile).linked
    return [
        (
            plugin.id,
            plugin.version,
            plugin.table["api"],
            "off" if plugin.id in off else "dev" if plugin.id in linked else "on",
            *(", ".join(entry_names(plugin, kind)) or "-" for kind in KINDS),
            "; ".join(extension_texts(plugin)) or "-",
        )
        for plugin in Catalogue.load(profile, include_disabled=True).plugins
    ]


@plugins.command()
@plugin_argument
@json_flag
def show(plugin: str, *, as_json: bool) -> None:
    """Show the details of a plugin: what it provides, its permissions and its origin."""
    from seqstudio.host.store.refusals import read_refusals

    profile = Profile()
    found = Catalogue.load(profile, include_disabled=True).plugin(plugin)
    facts = plugin_summary(found)
    facts["folder"] = str(found.folder)
    facts["origin"] = "built in" if is_built_in(found.distribution) else "installed by pip"
    for stored in open_store(profile).installed():
        if stored.id == plugin:
            receipt = stored.receipt
            facts |= {"origin": receipt.source, "sha256": receipt.sha256, "native": receipt.native}
            facts |= {"dependencies": receipt.dependencies, "previous": stored.previous}
    if link := read_installed(profile).linked.get(plugin):
        facts["origin"] = f"in development in {link.folder}"
    facts["limits"] = confinement_of(profile).text
    facts["refused"] = tuple(map(str, read_refusals(profile).get(plugin, ())))
    facts["switched off"] = Catalogue.load(profile).disabled.get(plugin, "")
    echo(to_json(facts) if as_json else table(("field", "value"), fact_rows(facts)))


@plugins.command()
@source_argument
@click.option(
    "--accept", default="", metavar="sha256:...", help="Accept exactly the plugin with this hash."
)
@shelf_option
def install(source: Path, accept: str, shelf: Path | None) -> None:
    """Install a pack, a wheel, a folder of wheels, or the project folder of a plugin.

    With --shelf, SOURCE is the name of a plugin on it, of which the newest pack is taken, or
    NAME==VERSION.

    The contents of the plugin are shown first; nothing is run or written until you accept them.
    Nothing is downloaded: wheels that the plugin depends on must be in the same folder. Without a
    terminal, pass --accept with the hash that was shown.
    """
    store = open_store(Profile())
    inspected = store.inspect(on_shelf(source, shelf))
    echo(sheet_text(inspected.sheet))
    for line in inspected.sheet.code_changes:
        echo(one_line(line))
    store.install(inspected, accepted=accept or ask_consent(inspected))
    name, version = inspected.sheet.id, inspected.sheet.version
    echo(f"installed {name} {version}; see `seqstudio {name} --help` for its operations")


def on_shelf(source: Path, shelf: Path | None) -> Path:
    """Return the pack that a name means on a shelf; without a shelf, the path as it is."""
    if shelf is None:
        return source
    from seqstudio.host.store.shelf import find_on_shelf

    return find_on_shelf(str(source), shelf)


def open_store(profile: Profile) -> "Store":
    """Open the plugin store, importing it only now."""
    from seqstudio.host.store.store import Store

    return Store(profile)


def ask_consent(inspected: "InspectedPlugin") -> str:
    """Ask the user to accept the plugin; return the accepted hash.

    Raises
    ------
    PluginError
        If the user declines, or stdin is not a terminal.
    """
    wanted = f"sha256:{inspected.sheet.sha256}"
    if not sys.stdin.isatty():
        raise PluginError(f"no terminal to ask for consent, expected --accept {wanted}")
    if not click.confirm("Install it?"):
        raise PluginError("not installed: you declined")
    return wanted


def sheet_text(sheet: "ConsentSheet") -> str:
    """Return the facts that the user is asked to accept, as a table."""
    dependencies = [f"{name} {version}" for name, version in sheet.dependencies.items()]
    rows: list[tuple[str, str]] = [
        ("plugin", f"{sheet.title} ({sheet.id} {sheet.version})"),
        ("source", sheet.source),
        ("sha256", sheet.sha256),
        ("size", f"{format_size(sheet.size)}, {format_size(sheet.unpacked)} unpacked"),
        ("licence", sheet.licence),
        *(
            (section.replace("_", " "), ", ".join(entries))
            for section, entries in sheet.provides.items()
        ),
        ("machine code", ", ".join(sheet.native) or "none"),
        ("dependencies", ", ".join(dependencies) or "none"),
        *(("asks for", f"{name}: {reason}") for name, reason in sheet.permissions.items()),
    ]
    if not sheet.permissions:
        rows.append(("asks for", "nothing"))
    rows += [("limits", line) for line in (sheet.confinement, *sheet.limits)]
    if sheet.installed:
        rows.append(("installed now", sheet.installed))
        rows += [("changed", line) for line in sheet.changes or ("nothing of the above",)]
    rows.append(("note", sheet.note))
    return table(("", ""), rows).lstrip("\n")


@plugins.command()
@source_argument
@click.option("--accept", default="", metavar="sha256:...", help="As for `plugins install`.")
@click.option(
    "--shadow",
    is_flag=True,
    help="First run your last jobs on both versions and show what differs.",
)
@click.option(
    "--jobs", type=click.IntRange(1, 50), default=3, show_default=True, help="Jobs for --shadow."
)
def upgrade(source: Path, accept: str, *, shadow: bool, jobs: int) -> None:
    """Replace an installed plugin by another version; `plugins rollback` returns to the old one.

    With --shadow your last finished jobs run on both versions, in a temporary profile, and outputs,
    speed and refused requests are compared before you decide. Without a terminal it then does not
    switch.
    """
    profile = Profile()
    store = open_store(profile)
    inspected = store.inspect(source)
    sheet = inspected.sheet
    if not sheet.installed:
        raise PluginError(f"{sheet.id} is not installed, expected `seqstudio plugins install`")
    echo(sheet_text(sheet))
    for line in sheet.code_changes:
        echo(one_line(line))
    accepted = accept or ask_consent(inspected)
    if shadow:
        for line in shadow_lines(inspected, profile, jobs):
            echo(one_line(line))
        if not (sys.stdin.isatty() and click.confirm(f"Switch to {sheet.version}?")):
            echo(f"{sheet.id} {sheet.installed} stays in use")
            return
    store.install(inspected, accepted=accepted)
    echo(f"{sheet.id} {sheet.version} is in use")


@plugins.command()
@plugin_argument
def disable(plugin: str) -> None:
    """Switch a plugin off; its files stay."""
    open_store(Profile()).disable(plugin, "by you")
    echo(f"{plugin} is switched off")


@plugins.command()
@plugin_argument
def enable(plugin: str) -> None:
    """Switch a plugin on."""
    open_store(Profile()).enable(plugin)
    echo(f"{plugin} is switched on")
    if reason := Catalogue.load(Profile()).broken.get(plugin):
        raise PluginError(f"plugin {plugin!r} is switched on but refused: {reason}")


@plugins.command()
@plugin_argument
def rollback(plugin: str) -> None:
    """Switch to the previously used version; run it again to switch back."""
    version = open_store(Profile()).rollback(plugin)
    echo(f"{plugin} {version} is in use")


@plugins.command()
@plugin_argument
def uninstall(plugin: str) -> None:
    """Remove an installed plugin with all its versions, and what it kept for later jobs.

    Its jobs and their results stay.
    """
    profile = Profile()
    store = open_store(profile)
    store.uninstall(plugin)
    echo(f"{plugin} is removed, with all that it kept for later jobs")
    if jobs := store.jobs_of(plugin):
        stay = "stays" if jobs == 1 else "stay"
        where = f"in `seqstudio jobs list`, and with what it made in {profile.jobs}"
        echo(f"{count_text(jobs, 'job')} of it {stay}, {where}")


@plugins.command()
@click.argument("subject", metavar="WHEEL|FOLDER|PLUGIN")
@json_flag
def verify(subject: str, *, as_json: bool) -> None:
    """Run the conformance checks on a plugin, in a temporary profile; nothing is installed.

    The code of the plugin is run. The outcome of each check is printed; the exit code is 1 if one
    fails.
    """
    from seqstudio.host.conformance import isolated as conformance

    profile = Profile()
    name = subject if Path(subject).exists() else installed_version(subject, profile)
    if name != subject and not as_json:
        echo(f"{name} (installed)")
    checks = []
    for check in conformance.verify(subject, store=profile):
        checks.append(check)
        if not as_json:
            detail = f": {check.detail}" if check.detail else ""
            echo(one_line(f"{check.outcome}  {check.name}{detail}"))
    if as_json:
        echo(to_json(checks))
    if failed := sum(check.outcome == "fail" for check in checks):
        raise PluginError(f"{name}: {failed} of {len(checks)} checks failed")


def installed_version(plugin: str, profile: Profile) -> str:
    """Return the id and version of a plugin, which may be switched off.

    Raises
    ------
    SeqStudioError
        If no plugin has this id.
    """
    found = Catalogue.load(profile, include_disabled=True).plugin(plugin)
    return f"{found.id} {found.version}"


@plugins.command("new")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(("task", "operation", "exporter")),
    default="operation",
    show_default=True,
    help="What it adds: a model to train, an operation to run, or a file format.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder for the project; ./NAME if not given.",
)
def new_plugin(name: str, kind: str, out: Path | None) -> None:
    """Create a small working plugin as a starting point, with passing tests."""
    from seqstudio.host.store.scaffold import write_plugin

    ours = [one for one in Catalogue.load(Profile()).plugins if is_built_in(one.distribution)]
    if name in {plugin.id for plugin in ours}:
        raise PluginError(f"{name} comes with SeqStudio, expected another name")
    for path in write_plugin(out or Path(name), name, kind):
        echo(path)
