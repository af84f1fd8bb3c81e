"""Text whose wording is known, placed in time: alignment, re-timed subtitles, prepared data."""
