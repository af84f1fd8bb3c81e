"""Find a command by a few letters: which commands match, and how well."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QAction, QKeySequence

from seqstudio.gui.workspace.commands import Commands

START_OF_WORD = 8  # a letter that begins a word
NEXT_LETTER = 5  # a letter right after the one before it
GAP = 1  # each letter that is skipped, at most MAX_GAP
MAX_GAP = 3
SYNONYM = START_OF_WORD  # as a word of the title
GENERATE = (
    "generate",
    "compose",
    "continue",
    "infill",
    "harmonise",
    "harmonize",
    "vary",
    "improvise",
)
SYNONYMS: Mapping[str, tuple[str, ...]] = {  # by command: what people type for it
    "operation.run.audio": ("transcribe", "recognise", "recognize", "dictate", "speech"),
    "operation.run.midi": GENERATE,
    "takes.generate": GENERATE,
    "music.compose": ("generate", "write", "song", "tune"),
    "app.shortcuts": ("keys", "keyboard", "hotkeys", "pedal"),
    "app.settings": ("preferences", "options", "configuration"),
    "show.train": ("learn", "teach", "finetune"),
    "session.learn": ("train", "teach", "improve", "finetune", "corrected"),
    "session.open_files": ("import", "add", "load"),
    "transcript.export": ("save", "subtitles", "word", "docx", "srt"),
    "score.export": ("save", "midi", "musicxml"),
    "recording.spectrogram": ("frequencies", "sonogram"),
    "transcript.doubtful": ("uncertain", "unsure", "confidence"),
    "takes.use_bars": ("merge", "replace", "accept"),
    "notes.quantise": ("quantize", "snap"),
    "notes.why": ("explain", "probability", "alternatives"),
    "view.library": ("sidebar", "files"),
}


@dataclass(frozen=True, slots=True)
class PaletteEntry:
    """A command as the palette lists it."""

    name: str
    title: str
    menu: str = ""
    shortcut: str = ""
    help: str = ""
    ready: bool = True
    synonyms: tuple[str, ...] = ()  # other words for it

    @property
    def menu_text(self) -> str:
        """The menu that it is in: "View > Theme"."""
        return self.menu.replace("/", " > ")


def entries(commands: Commands) -> list[PaletteEntry]:
    """Return an entry for each command that is listed now."""
    commands.refresh()
    found = []
    for action in filter(QAction.isVisible, commands.all()):
        command = commands.command(action.objectName())
        found.append(
            PaletteEntry(
                name=command.name,
                title=command.title.rstrip("…"),
                menu=command.menu,
                shortcut=QKeySequence(command.shortcut).toString(
                    QKeySequence.SequenceFormat.NativeText
                ),
                help=command.help,
                ready=action.isEnabled(),
                synonyms=SYNONYMS.get(command.name, ()),
            )
        )
    return found


def ranked(entries: Iterable[PaletteEntry], query: str) -> list[PaletteEntry]:
    """Return the entries that match, the best first; equal ones keep their order.

    Available commands come before unavailable ones. An entry matches if every letter is found, in
    order, in its title or in its menu and title, or if one of its synonyms begins so.

    >>> notes = PaletteEntry("b", "Session notes")
    >>> [entry.title for entry in ranked([PaletteEntry("a", "Save as"), notes], "sn")]
    ['Session notes']
    """
    letters = "".join(query.lower().split())
    scored = [(_best_score(entry, letters), entry) for entry in entries]
    found = [(score, entry) for score, entry in scored if score is not None]
    found.sort(key=lambda pair: (not pair[1].ready, -pair[0]))
    return [entry for _, entry in found]


def score(text: str, letters: str) -> int | None:
    """Rate how well a text contains letters in order; None where it does not.

    Starts of words and adjacent letters raise the score, skipped letters lower it; the best of all
    ways to find the letters counts.

    >>> score("Save as", "sa"), score("Save as", "sx")
    (13, None)
    """
    text = text.lower()
    best: dict[int, int] = {-1: 0}  # index of the last letter found -> the best score up to there
    for letter in letters:
        found: dict[int, int] = {}
        for at, character in enumerate(text):
            if character != letter:
                continue
            ways = [so_far + _step(text, last, at) for last, so_far in best.items() if last < at]
            if ways:
                found[at] = max(ways)
        best = found
    return max(best.values()) if best else None


def _step(text: str, last: int, at: int) -> int:
    starts = at == 0 or not text[at - 1].isalnum()
    if last >= 0 and at == last + 1:
        return NEXT_LETTER + (START_OF_WORD if starts else 0)
    skipped = min(at - last - 1, MAX_GAP) * GAP
    return (START_OF_WORD if starts else 0) - skipped


def _best_score(entry: PaletteEntry, letters: str) -> int | None:
    if letters and any(word.startswith(letters) for word in entry.synonyms):
        return SYNONYM + len(letters) * NEXT_LETTER
    by_title = score(entry.title, letters)
    by_menu = score(f"{entry.menu_text} {entry.title}", letters)
    if by_title is None or by_menu is None:
        return by_menu if by_title is None else by_title
    return max(by_title + 1, by_menu)  # users remember the title rather than the menu
