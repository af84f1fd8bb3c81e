"""The entry point. Answers `--version` before anything is loaded."""

import gc
import os
import sys

from seqstudio import __version__

WIDEST = 100  # columns of help; longer lines are hard to read


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"seqstudio {__version__}\n")
        return
    gc.disable()  # loading leaves no garbage, and looking for it is a tenth of help's time
    from seqstudio.cli.group import studio_command

    gc.enable()
    studio_command(prog_name="seqstudio", terminal_width=min(columns(), WIDEST))


def columns() -> int:
    """Give the terminal's width; `shutil` knows it too, but costs help a tenth of its time."""
    if (named := os.environ.get("COLUMNS", "")).isdecimal():
        return max(int(named), 40)
    try:
        return os.get_terminal_size().columns
    except OSError:
        return 80
