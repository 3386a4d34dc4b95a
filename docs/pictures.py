"""Make the pictures of README's screens from the demo network: `python docs/pictures.py --url http://127.0.0.1:8000`.

`./refnet demo` must be running there; Chromium and the packages of tests/browser do the rest. Names and patients are
invented, as all of the demo is. The pictures lie beside this file, 300 kB in all at most.
"""

import argparse
import base64
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from tests.browser import installed, told  # noqa: E402 (the path comes first)

PASSWORD = "Refnet-demo-2026"  # noqa: S105 (published in README)
PEOPLE = {"expert": "province.expert", "doctor": "county.doctor", "lead": "alliance.admin", "reader": "pathologist"}


def main() -> None:
    """Take the pictures, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the demo is served")
    parser.add_argument("names", nargs="*", help="only these: worklist, green, coverage, reading")
    options = parser.parse_args()
    people = {name: {"username": account, "password": PASSWORD} for name, account in PEOPLE.items()}
    with tempfile.TemporaryDirectory() as folder:
        node, _script = installed(Path(folder), "app.mjs")
        shutil.copy(HERE / "pictures.mjs", folder)
        task = people | {"base": options.url, "shots": "", "patience": 30_000}
        task |= {"walks": options.names} if options.names else {}
        found = told([node, str(Path(folder) / "pictures.mjs")], task, seconds=600)
    (HERE / "pictures").mkdir(exist_ok=True)
    for name, picture in found["pictures"].items():
        path = HERE / "pictures" / f"{name}.webp"
        path.write_bytes(base64.b64decode(picture))
        print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
