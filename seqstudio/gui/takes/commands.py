"""What can be done with takes, as commands of the window."""

from typing import TYPE_CHECKING

from seqstudio.gui.workspace.commands import Command, Commands

if TYPE_CHECKING:
    from seqstudio.gui.takes.panel_view import TakesPanel

MENU = "Takes"


def add_commands(commands: Commands, panel: "TakesPanel") -> None:
    """Offer them; they can be done while the panel is shown."""
    _add_hearing(commands, panel)
    _add_files(commands, panel)
    model, workspace = panel.model, panel.workspace
    commands.add(
        Command("takes.make", "Make takes…", MENU, "Ctrl+M", "Show the form that makes takes."),
        panel.show_make,
        page=panel,
    )
    commands.add(
        Command(
            "takes.again",
            "Make again",
            MENU,
            "Ctrl+Shift+M",
            "Make the same take once more: same model, options and seed.",
        ),
        lambda: model.make_again(workspace.chosen),
        ready=lambda: not model.why_not_again,
        page=panel,
    )
    commands.add(
        Command("takes.rename", "Rename…", MENU, "F2", "Give the take another name."),
        panel.list.rename,
        ready=lambda: workspace.take is not None,
        within=panel.list,
    )
    commands.add(
        Command("takes.remove", "Remove", MENU, "Del", "Take the selected takes out."),
        lambda: model.remove(panel.list.chosen),
        ready=lambda: bool(panel.list.chosen),
        within=panel.list,
    )


def _add_hearing(commands: Commands, panel: "TakesPanel") -> None:
    model, workspace = panel.model, panel.workspace
    commands.add(
        Command("takes.hear", "Hear", MENU, "Ctrl+H", "Hear the take in front, or stop."),
        panel.toggle_hearing,
        ready=lambda: workspace.take is not None and not panel.hearing.reason,
        page=panel,
    )
    commands.add(
        Command(
            "takes.accept",
            "Accept",
            MENU,
            "Ctrl+Shift+Return",
            "Keep the take in front as part of the work, or no longer.",
        ),
        model.toggle_accepted,
        ready=lambda: workspace.take is not None,
        checked=lambda: workspace.take is not None and workspace.take.accepted,
        page=panel,
    )
    commands.add(
        Command(
            "takes.compare",
            "Compare",
            MENU,
            "Ctrl+Alt+C",
            "Draw all takes on one axis of time.",
        ),
        lambda: panel.list.align(not panel.list.cards.aligned),
        ready=lambda: len(model.cards) > 1,
        checked=lambda: panel.list.cards.aligned,
        page=panel,
    )


def _add_files(commands: Commands, panel: "TakesPanel") -> None:
    chosen = panel.list

    def some() -> bool:
        return bool(chosen.chosen)

    copy = Command("takes.copy", "Copy as files", MENU, "Ctrl+C", "To paste into another program.")
    export = Command(
        "takes.export", "Export…", MENU, "Ctrl+Alt+E", "Write the selected takes into a folder."
    )
    wav = Command("takes.wav", "Save as WAV…", MENU, "Ctrl+Alt+W", "Write how the take sounds.")
    commands.add(copy, panel.copy, ready=some, within=chosen)
    commands.add(export, panel.ask_export, ready=some, page=panel)
    commands.add(wav, panel.ask_wav, ready=lambda: panel.workspace.take is not None, page=panel)
