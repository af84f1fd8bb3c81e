"""What the forms know of options by their names, which are the field's standard terms.

A manifest describes type, range and help. Names such as `top_p` or `key` mean the same in every
plugin, so a form folds the ones for experts, offers the usual values of others, and spells out
abbreviations.
"""

from collections.abc import Mapping

# of sampling, search and detail; a beginner needs none of them
ADVANCED = frozenset(
    {
        "top_p",
        "top_k",
        "min_p",
        "beam",
        "lm",
        "no_lm",
        "phrases",
        "phrase_reward",
        "int8",
        "partial",
        "track",
        "channels",
        "mark",
        "line_length",
        "least_duration",
        "reading_speed",
        "scale",
        "chords",
        "range",
        "most_notes",
        "notes_in_bar",
        "close",
        "voice_leading",
        "raw",
        "repair",
        "only_new",
    }
)
LABELS: Mapping[str, str] = {  # of names that are abbreviations
    "int8": "8-bit weights",
    "lm": "Language model",
    "no_lm": "No language model",
    "vad": "Find pauses by",
}
MAJOR = ("C", "G", "D", "A", "E", "B", "F#", "Db", "Ab", "Eb", "Bb", "F")
MINOR = ("Am", "Em", "Bm", "F#m", "C#m", "G#m", "D#m", "Bbm", "Fm", "Cm", "Gm", "Dm")
SUGGESTIONS: Mapping[str, tuple[str, ...]] = {
    "key": (*MAJOR, *MINOR),
    "meter": ("4/4", "3/4", "2/4", "6/8", "9/8", "12/8", "2/2", "5/4", "7/8"),
}
