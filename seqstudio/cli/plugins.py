"""`seqstudio plugins`: list, install, enable, disable, remove, create and verify plugins."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqstudio.cli.options import json_flag
from seqstudio.cli.output import echo, table, to_json
from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Catalogue, Plugin, is_built_in
from seqstudio.host.profile import Profile
from seqstudio.host.text_format import format_size, one_line

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


@plugins.command("list")
@json_flag
def list_plugins(*, as_json: bool) -> None:
    """List plugins and what each provides, and why others were refused."""
    catalogue = Catalogue.load(Profile())
    off = catalogue.disabled
    if as_json:
        found = [plugin_summary(plugin) for plugin in catalogue.plugins]
        refused = catalogue.broken
        echo(to_json({"plugins": found, "refused": refused, "switched_off": off}))
        return
    kinds = ("operations", "tasks", "models")
    rows = [
        (
            plugin.id,
            plugin.version,
            "off" if plugin.id in off else "on",
            *(", ".join(entry_names(plugin, kind)) or "-" for kind in kinds),
        )
        for plugin in Catalogue.load(Profile(), include_disabled=True).plugins
    ]
    head = ("plugin", "version", "state", *kinds)
    echo(table(head, rows) if rows else "No plugin is installed.")
    for status, reasons in (("refused", catalogue.broken), ("switched off", off)):
        for name, reason in reasons.items():
            echo(one_line(f"{status}: {name}: {reason}"), err=True)


@plugins.command()
@plugin_argument
@json_flag
def show(plugin: str, *, as_json: bool) -> None:
    """Show the details of a plugin: what it provides, its permissions and its origin."""
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
    facts["switched off"] = Catalogue.load(profile).disabled.get(plugin, "")
    echo(to_json(facts) if as_json else table(("field", "value"), fact_rows(facts)))


@plugins.command()
@source_argument
@click.option(
    "--accept", default="", metavar="sha256:...", help="Accept exactly the plugin with this hash."
)
def install(source: Path, accept: str) -> None:
    """Install a wheel, a folder of wheels, or the project folder of a plugin.

    The contents of the plugin are shown first; nothing is run or written until you accept them.
    Nothing is downloaded: wheels that the plugin depends on must be in the same folder. Without a
    terminal, pass --accept with the hash that was shown.
    """
    store = open_store(Profile())
    inspected = store.inspect(source)
    echo(sheet_text(inspected.sheet))
    store.install(inspected, accepted=accept or ask_consent(inspected))
    name, version = inspected.sheet.id, inspected.sheet.version
    echo(f"installed {name} {version}; see `seqstudio {name} --help` for its operations")


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
    if sheet.installed:
        rows.append(("installed now", sheet.installed))
        rows += [("changed", line) for line in sheet.changes or ("nothing of the above",)]
    rows.append(("note", "a plugin runs with your user rights; install only what you trust"))
    return table(("", ""), rows).lstrip("\n")


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
    """Remove an installed plugin with all its versions."""
    open_store(Profile()).uninstall(plugin)
    echo(f"{plugin} is removed; its results are kept")


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

    for path in write_plugin(out or Path(name), name, kind):
        echo(path)


def fact_rows(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Return facts as table rows, without empty ones."""
    rows = []
    for name, value in facts.items():
        if isinstance(value, dict):
            rows += [(name, f"{key}: {one}") for key, one in value.items()]
        elif value:
            rows.append((name, value if isinstance(value, str) else ", ".join(value)))
    return rows


def plugin_summary(plugin: Plugin) -> dict[str, Any]:
    """Return the fields of a plugin for JSON."""
    return {
        "id": plugin.id,
        "title": plugin.title,
        "version": plugin.version,
        "distribution": plugin.distribution,
        "license": plugin.table["license"],
        "permissions": plugin.table.get("permissions", {}),
        "operations": entry_names(plugin, "operations"),
        "tasks": entry_names(plugin, "tasks"),
        "models": entry_names(plugin, "models"),
    }


def entry_names(plugin: Plugin, kind: str) -> list[str]:
    """Return the names of a plugin's operations, tasks or models."""
    return [str(entry["name"]) for entry in plugin.table.get(kind, ())]
