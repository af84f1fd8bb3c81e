"""`python -m seqstudio`: the command line, where its script is not on the path."""

from seqstudio.cli.main import main

main()
