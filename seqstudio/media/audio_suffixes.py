"""Suffixes of files that hold sound. Whatever lists or looks for recordings uses these lists."""

SOUND = (
    *(".wav", ".wave", ".bwf", ".w64", ".rf64", ".aif", ".aiff", ".aifc", ".au", ".snd", ".caf"),
    *(".flac", ".ogg", ".oga", ".opus", ".mp3", ".mp2", ".sph", ".nist", ".voc", ".ircam", ".avr"),
)
FFMPEG = (  # opened with PyAV, the extra `video`
    *(".m4a", ".m4b", ".mp4", ".m4v", ".mov", ".aac", ".wma", ".wmv", ".asf", ".mkv", ".mka"),
    *(".webm", ".avi", ".mpg", ".mpeg", ".3gp", ".3g2", ".amr", ".awb", ".wv", ".ape", ".ac3"),
    *(".ogv", ".ogx", ".spx", ".mts", ".m2ts", ".flv", ".tta", ".dts", ".mpc", ".tak", ".ra"),
)
AUDIO_SUFFIXES = (*SOUND, *FFMPEG)
