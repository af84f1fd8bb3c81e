"""Nothing is collected where the plugin is not installed (`pip install -e`)."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("seqstudio_sherpa") else ["src", "tests"]
