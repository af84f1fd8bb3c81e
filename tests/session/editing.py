"""Edits sessions until it is killed: started by the tests of kills, never imported by them.

Each line of its input, `PATH SEED`, begins a process of its own, forked from this one, whose
imports are done. It says its process id, and after each change the number of steps that are done
and the document's hash; when it is dead, this one says so.
"""

import hashlib
import os
import sys
from pathlib import Path
from random import Random

from random_edits import random_operation

from seqstudio.session.codec import pack
from seqstudio.session.document import Document
from seqstudio.session.session import Session


def document_hash(document: Document) -> str:
    return hashlib.sha256(pack(document)).hexdigest()


def say(*words: object) -> None:
    """Write a line at once and whole: a kill cannot cut it."""
    os.write(sys.stdout.fileno(), (" ".join(map(str, words)) + "\n").encode())


def edit(path: Path, seed: str) -> None:
    session, draw = Session.open(path), Random(seed)
    say("opened", document_hash(session.document), session.lost or "whole")
    while True:
        chance = draw.random()
        if chance < 0.15 and session.can_undo:
            session.undo()
            say("undone", document_hash(session.document))
        elif chance < 0.25 and session.can_redo:
            session.redo()
            say("redone", document_hash(session.document))
        else:
            session.do(random_operation(session.document, draw))
            say("done", document_hash(session.document))


if __name__ == "__main__":
    for line in sys.stdin:
        path, seed = line.split()
        if (pid := os.fork()) == 0:
            edit(Path(path), seed)
        say("pid", pid)
        os.waitpid(pid, 0)
        say("dead")
