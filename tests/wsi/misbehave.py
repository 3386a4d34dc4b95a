"""An examiner that meets every fate: run by the tests in place of the real one."""

import json
import os
import sys
import time
from pathlib import Path

from telemedicine.wsi import examine


def misbehave(how: str, folder: Path) -> None:
    """End, or fail to end, in one way."""
    if how == "wait":
        time.sleep(60)
    while how == "spin":
        pass
    if how == "grow":
        kept = []
        while True:
            kept.append(bytearray(16 * 1024**2))
    if how == "write":
        (folder / "large").write_bytes(bytes(4 * 1024**2))
    if how == "abort":
        os.abort()
    if how == "leave":
        sys.exit(3)


def instead(path: Path, name: str, sha256: str | None, folder: Path) -> dict[str, object]:
    """The request, treated badly; a report that is none if nothing else happens."""
    misbehave(sys.argv[1], folder)
    return json.loads('{"fault": "NO_SUCH_CODE"}')


if __name__ == "__main__":
    examine.examine = instead
    examine.main()
