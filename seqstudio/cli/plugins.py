"""`seqstudio plugins`: which instruments there are; install, switch, remove, make and verify."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seqstudio.cli.options import json_flag
from seqstudio.cli.output import table, to_json
from seqstudio.errors import PluginError
from seqstudio.host.catalogue.catalogue import Catalogue, Plugin, in_the_box
from seqstudio.host.profile import Profile
from seqstudio.host.text_format import size

if TYPE_CHECKING:  # the listing needs none of these, and they cost more than it
    from seqstudio.host.store.install import Offer
    from seqstudio.host.store.sheet import Sheet
    from seqstudio.host.store.store import Store

plugin_argument = click.argument("plugin")
source_argument = click.argument("source", type=click.Path(path_type=Path))


@click.group()
def plugins() -> None:
    """Install, list, switch and remove plugins.

    A plugin runs in a process of its own. What it asks for is shown before it is installed.
    """


@plugins.command("list")
@json_flag
def list_plugins(*, as_json: bool) -> None:
    """Show plugins, what each brings and asks for, and why others were refused."""
    catalogue = Catalogue.load(Profile())
    off = catalogue.disabled
    if as_json:
        found = [summary(plugin) for plugin in catalogue.plugins]
        refused = catalogue.broken
        click.echo(to_json({"plugins": found, "refused": refused, "switched_off": off}))
        return
    kinds = ("operations", "tasks", "models")
    rows = [
        (
            plugin.id,
            plugin.version,
            "off" if plugin.id in off else "on",
            *(", ".join(names(plugin, kind)) or "-" for kind in kinds),
        )
        for plugin in Catalogue.load(Profile(), everything=True).plugins
    ]
    head = ("plugin", "version", "state", *kinds)
    click.echo(table(head, rows) if rows else "No plugin is installed.")
    for said, reasons in (("refused", catalogue.broken), ("switched off", off)):
        for name, reason in reasons.items():
            click.echo(f"{said}: {name}: {reason}", err=True)


@plugins.command()
@plugin_argument
@json_flag
def show(plugin: str, *, as_json: bool) -> None:
    """Show all that is known of one plugin: what it offers, asks for, and where it came from."""
    profile = Profile()
    found = Catalogue.load(profile, everything=True).plugin(plugin)
    facts = summary(found)
    facts["folder"] = str(found.folder)
    facts["origin"] = "in the box" if in_the_box(found.distribution) else "installed by pip"
    for stored in opened(profile).installed():
        if stored.id == plugin:
            receipt = stored.receipt
            facts |= {"origin": receipt.source, "sha256": receipt.sha256, "native": receipt.native}
            facts |= {"dependencies": receipt.dependencies, "previous": stored.previous}
    facts["switched off"] = Catalogue.load(profile).disabled.get(plugin, "")
    click.echo(to_json(facts) if as_json else table(("what", "value"), listed(facts)))


@plugins.command()
@source_argument
@click.option("--accept", default="", metavar="sha256:...", help="Agree to exactly these facts.")
def install(source: Path, accept: str) -> None:
    """Install a wheel, a folder of wheels, or a plugin's project folder.

    Nothing is run and nothing written before you agree to what is shown; nothing is fetched from
    a network. Wheels that the plugin needs lie in the same folder. Without a terminal, agree with
    --accept and the hash that was shown.
    """
    store = opened(Profile())
    offer = store.inspect(source)
    click.echo(sheet_text(offer.sheet))
    store.install(offer, accepted=accept or agreed(offer))
    name = offer.sheet.id
    click.echo(
        f"installed {name} {offer.sheet.version}; `seqstudio {name} --help` says what it does"
    )


def opened(profile: Profile) -> "Store":
    """Open the store."""
    from seqstudio.host.store.store import Store

    return Store(profile)


def agreed(offer: "Offer") -> str:
    """Ask a person; give the hash that they agreed to.

    Raises
    ------
    PluginError
        If they do not agree, or nobody is there to ask.
    """
    wanted = f"sha256:{offer.sheet.sha256}"
    if not sys.stdin.isatty():
        raise PluginError(f"nobody to ask, expected --accept {wanted}")
    if not click.confirm("Install it?"):
        raise PluginError("not installed, as you answered")
    return wanted


def sheet_text(sheet: "Sheet") -> str:
    """Lay out the facts that a person agrees to."""
    brings = [f"{name} {version}" for name, version in sheet.dependencies.items()]
    rows: list[tuple[str, str]] = [
        ("plugin", f"{sheet.title} ({sheet.id} {sheet.version})"),
        ("source", sheet.source),
        ("sha256", sheet.sha256),
        ("size", f"{size(sheet.size)}, {size(sheet.unpacked)} unpacked"),
        ("licence", sheet.licence),
        *((section.replace("_", " "), ", ".join(each)) for section, each in sheet.offers.items()),
        ("machine code", ", ".join(sheet.native) or "none"),
        ("brings", ", ".join(brings) or "nothing else"),
        *(("asks for", f"{name}: {reason}") for name, reason in sheet.permissions.items()),
    ]
    if not sheet.permissions:
        rows.append(("asks for", "nothing"))
    if sheet.installed:
        rows.append(("in use now", sheet.installed))
        rows += [("changed", line) for line in sheet.changes or ("nothing of the above",)]
    rows.append(("note", "a plugin's code runs with your own rights; install what you trust"))
    return table(("", ""), rows).lstrip("\n")


@plugins.command()
@plugin_argument
def disable(plugin: str) -> None:
    """Switch a plugin off; its files stay."""
    opened(Profile()).disable(plugin, "by you")
    click.echo(f"{plugin} is switched off")


@plugins.command()
@plugin_argument
def enable(plugin: str) -> None:
    """Switch a plugin on again."""
    opened(Profile()).enable(plugin)
    click.echo(f"{plugin} is switched on")
    if reason := Catalogue.load(Profile()).broken.get(plugin):
        raise PluginError(f"plugin {plugin!r} is refused all the same: {reason}")


@plugins.command()
@plugin_argument
def rollback(plugin: str) -> None:
    """Go back to the version that was in use before; once more returns."""
    version = opened(Profile()).rollback(plugin)
    click.echo(f"{plugin} is at {version}")


@plugins.command()
@plugin_argument
def uninstall(plugin: str) -> None:
    """Remove a plugin that was installed here, with all its versions."""
    opened(Profile()).uninstall(plugin)
    click.echo(f"{plugin} is removed; what it made stays as it is")


@plugins.command()
@click.argument("subject", metavar="WHEEL|FOLDER|PLUGIN")
@json_flag
def verify(subject: str, *, as_json: bool) -> None:
    """Try a plugin as the studio's own are tried, in a profile of its own: nothing is installed.

    Its code is run. Each check is named with its outcome; exit code 1 if one failed.
    """
    from seqstudio.host.conformance import isolated as conformance

    profile = Profile()
    tried = subject if Path(subject).exists() else name_installed(subject, profile)
    if tried != subject and not as_json:
        click.echo(f"{tried}, as it is installed")
    checks = []
    for check in conformance.verify(subject, store=profile):
        checks.append(check)
        if not as_json:
            click.echo(f"{check.outcome}  {check.name}" + (f": {check.said}" if check.said else ""))
    if as_json:
        click.echo(to_json(checks))
    if failed := sum(check.outcome == "fail" for check in checks):
        raise PluginError(f"{tried}: {failed} of {len(checks)} checks failed")


def name_installed(plugin: str, profile: Profile) -> str:
    """Give the id and version of a plugin, also of one that is switched off.

    Raises
    ------
    SeqStudioError
        If there is none of this name.
    """
    found = Catalogue.load(profile, everything=True).plugin(plugin)
    return f"{found.id} {found.version}"


@plugins.command("new")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(("task", "operation", "exporter")),
    default="operation",
    show_default=True,
    help="What it brings: a model to train, something to run, or a file format.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The project's folder; without it, one of this name here.",
)
def new_plugin(name: str, kind: str, out: Path | None) -> None:
    """Write a small complete plugin to start from: it installs and passes its tests at once."""
    from seqstudio.host.store.scaffold import write_plugin

    for path in write_plugin(out or Path(name), name, kind):
        click.echo(path)


def listed(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """Give facts as rows: what is empty is left out."""
    rows = []
    for name, value in facts.items():
        if isinstance(value, dict):
            rows += [(name, f"{key}: {each}") for key, each in value.items()]
        elif value:
            rows.append((name, value if isinstance(value, str) else ", ".join(value)))
    return rows


def summary(plugin: Plugin) -> dict[str, Any]:
    """Give what a program wants to know of a plugin."""
    return {
        "id": plugin.id,
        "title": plugin.title,
        "version": plugin.version,
        "distribution": plugin.distribution,
        "license": plugin.table["license"],
        "permissions": plugin.table.get("permissions", {}),
        "operations": names(plugin, "operations"),
        "tasks": names(plugin, "tasks"),
        "models": names(plugin, "models"),
    }


def names(plugin: Plugin, kind: str) -> list[str]:
    """Give the names of a plugin's operations, tasks or models."""
    return [str(entry["name"]) for entry in plugin.table.get(kind, ())]
