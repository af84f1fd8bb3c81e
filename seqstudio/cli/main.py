"""The entry point of the command line; `--version` is answered without further imports."""

import gc
import os
import sys

from seqstudio import __version__

MAX_HELP_WIDTH = 100  # columns; longer lines are hard to read


def main() -> None:
    """Run the command line."""
    if sys.argv[1:] == ["--version"]:
        sys.stdout.write(f"seqstudio {__version__}\n")
        return
    gc.disable()  # imports create no garbage; collecting takes a tenth of the time of --help
    from seqstudio.cli.root import studio_command

    gc.enable()
    studio_command(prog_name="seqstudio", terminal_width=min(columns(), MAX_HELP_WIDTH))


def columns() -> int:
    """Return the width of the terminal; importing `shutil` would slow --help down by a tenth."""
    if (value := os.environ.get("COLUMNS", "")).isdecimal():
        return max(int(value), 40)
    try:
        return os.get_terminal_size().columns
    except OSError:
        return 80
