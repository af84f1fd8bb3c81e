"""Edits sessions until it is killed: a program for the kill tests, which also import its hash.

For each line of its input, `PATH SEED`, it forks a process, so that its imports are already done.
The child prints what it did and the document's hash after each change; the parent prints the
child's process id, and a line when the child is dead.
"""

import hashlib
import os
import sys
from pathlib import Path
from random import Random

from random_edits import random_edit

from seqstudio.session.codec import pack
from seqstudio.session.document import Document
from seqstudio.session.session import Session


def document_hash(document: Document) -> str:
    return hashlib.sha256(pack(document)).hexdigest()


def print_line(*words: object) -> None:
    """Write a line in one system call, which a kill cannot interrupt."""
    os.write(sys.stdout.fileno(), (" ".join(map(str, words)) + "\n").encode())


def edit(path: Path, seed: str) -> None:
    session, draw = Session.open(path), Random(seed)
    print_line("opened", document_hash(session.document), session.lost or "intact")
    while True:
        chance = draw.random()
        if chance < 0.15 and session.steps:
            session.go_to(session.steps - 1)
            print_line("undone", document_hash(session.document))
        elif chance < 0.25 and session.can_redo:
            session.redo()
            print_line("redone", document_hash(session.document))
        else:
            session.do(random_edit(session.document, draw))
            print_line("done", document_hash(session.document))


if __name__ == "__main__":
    for line in sys.stdin:
        path, seed = line.split()
        if (pid := os.fork()) == 0:
            edit(Path(path), seed)
        print_line("pid", pid)
        os.waitpid(pid, 0)
        print_line("dead")
