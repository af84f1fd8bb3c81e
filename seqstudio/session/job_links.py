"""The jobs whose results a session expects; not part of its undo history."""

import contextlib
from dataclasses import dataclass

from seqstudio.errors import SessionError
from seqstudio.session.codec import checksum, pack, unpack
from seqstudio.session.journal import Journal


@dataclass(frozen=True, slots=True)
class JobLink:
    """A job whose results go into a session, with the clip or take that each item is for."""

    job: int  # its number in the profile
    title: str
    items: tuple[str, ...] = ()  # the clip or take id of item 1, 2, ..., or ""
    created: float = 0.0  # as in the job database; another profile's job has another time


def store_link(journal: Journal, link: JobLink) -> None:
    """Store a link, in the place of the one with the same job."""
    data = pack(link)
    with journal.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO job_link VALUES (?, ?, ?)",
            (link.job, data, checksum(link.job, data)),
        )


def remove_link(journal: Journal, job: int) -> None:
    """Remove the link of a job."""
    with journal.transaction() as connection:
        connection.execute("DELETE FROM job_link WHERE job = ?", (job,))


def read_links(journal: Journal) -> tuple[JobLink, ...]:
    """Return the links, oldest first; damaged rows are skipped."""
    rows = journal.read("SELECT job, link, checksum FROM job_link ORDER BY job")
    links = []
    for job, data, found in rows:
        if isinstance(data, bytes) and checksum(job, data) == found:
            with contextlib.suppress(SessionError):  # not as SeqStudio writes it
                links.append(unpack(JobLink, data, f"job {job}"))
    return tuple(links)
