"""The words that were heard before a job was stopped stay, and make room for the whole ones."""

from pathlib import Path

from pytestqt.qtbot import QtBot

from seqstudio.contracts.transcript import Transcript
from seqstudio.gui.workspace.workspace import Workspace
from seqstudio.host.jobs.events import ItemProgress, ItemStarted, JobEvent, JobFinished, PartialText
from seqstudio.host.studio import JobSpec
from seqstudio.session.edits import SetTranscript


def job_for(workspace: Workspace, recording: Path) -> int:
    """Queue a transcription that does not start, and return its number."""
    workspace.queue.pause_queue()
    clip = workspace.document.clips[0]
    spec = JobSpec(plugin="speech", name="transcribe", inputs={"audio": (recording,)})
    workspace.queue.start_queue = workspace.queue.pause_queue  # type: ignore[method-assign]
    return workspace.submit(spec, "Transcribe it", (clip.id,))


def send(workspace: Workspace, job: int, *events: JobEvent) -> None:
    for event in events:
        workspace.queue.job_event.emit(job, event)


def test_words_stay_when_a_transcription_is_stopped(
    workspace: Workspace, qtbot: QtBot, recording: Path
) -> None:
    workspace.import_files([recording])
    qtbot.waitUntil(lambda: workspace.clip is not None)
    job = job_for(workspace, recording)
    send(
        workspace,
        job,
        ItemStarted(item=1, name="a"),
        ItemProgress(item=1, fraction=0.5),
        PartialText(item=1, text="SO IT"),
        JobFinished(state="cancelled"),
    )
    qtbot.waitUntil(lambda: bool(workspace.clip and workspace.clip.transcript))
    assert workspace.clip
    heard = workspace.clip.transcript
    assert heard
    assert (heard.text, len(heard.segments)) == ("SO IT", 1)
    assert 0 < heard.segments[0].end_s < heard.duration_s
    assert workspace.undo_title == "Words so far of Transcribe it"
    send(workspace, job, PartialText(item=1, text="SO IT GOES"), JobFinished(state="interrupted"))
    qtbot.waitUntil(lambda: text_of(workspace) == "SO IT GOES")


def test_partial_words_never_replace_a_transcript(
    workspace: Workspace, qtbot: QtBot, recording: Path
) -> None:
    workspace.import_files([recording])
    qtbot.waitUntil(lambda: workspace.clip is not None)
    clip = workspace.document.clips[0]
    workspace.do(SetTranscript(clip.id, Transcript(audio="a", duration_s=1.0, text="MINE")))
    job = job_for(workspace, recording)
    send(workspace, job, PartialText(item=1, text="OTHER"), JobFinished(state="cancelled"))
    qtbot.waitUntil(lambda: not workspace.background.busy)
    assert text_of(workspace) == "MINE"


def text_of(workspace: Workspace) -> str:
    clip = workspace.document.clips[0]
    return clip.transcript.text if clip.transcript else ""
