"""Run the command line with `python -m seqstudio`."""

from seqstudio.cli.main import main

main()
