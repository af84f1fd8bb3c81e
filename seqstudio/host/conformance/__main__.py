"""Run the suite in its own process; prints one JSON line for each check."""

import json
import sys
from pathlib import Path

from seqstudio.contracts.plain import to_plain
from seqstudio.host.conformance.suite import verify_installed, verify_source
from seqstudio.host.profile import Profile


def main(subject: str, scratch: Path) -> None:
    """Verify a path if it exists, else the installed plugin of that id."""
    if Path(subject).exists():
        checks = verify_source(Path(subject), scratch)
    else:
        checks = verify_installed(subject, Profile(scratch / "profile"), scratch)
    for check in checks:
        sys.stdout.write(json.dumps(to_plain(check)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
