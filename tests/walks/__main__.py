"""Every story over HTTP, step by step: `python -m tests.walks --url http://127.0.0.1:8000`.

Needs the demo network and the project's own data beside it, whose clock the silence and the frozen section put ahead.
"""

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.receiver import receiving
from tests.walks import night, pathology, silence, story
from tests.walks.client import Failed

PROJECT = Path(__file__).resolve().parents[2]
# The people of the demo network who play the night; the rule by which accounts are named is in `consortium/demo.py`.
NIGHT = {
    "county.doctor": "430181.doctor3",
    "county.office": "county.office",
    "county.admin": "county.admin",
    "county.expert": "430181.doctor3",
    "near.expert": "430100-1.doctor5",
    "far.expert": "430200-1.doctor5",
    "other.expert": "430300-1.doctor5",
    "other.doctor": "430300-1.doctor5",
}
SILENCE = {
    "county.doctor": "county.doctor",
    "silent.expert": "430200-1.expert1",
    "silent.admin": "430200-1.admin1",
    "alliance.admin": "alliance.admin",
}
PATHOLOGY = {
    "lab": "lab",
    "quality": "province.lab",
    "first": "pathologist",
    "second": "pathologist2",
    "lead": "pathology.lead",
    "county.doctor": "430181.doctor3",
    "oncologist": "430000-2.expert1",
    "stranger": "433123.lab1",
}


def ahead(minutes: int) -> None:
    """Let minutes pass on the demonstration's clock, and let it do what is due."""
    command = [sys.executable, "manage.py", "tick", "--ahead", str(minutes)]
    subprocess.run(command, cwd=PROJECT, check=True, stdout=subprocess.DEVNULL)


def chapters(url: str, receiver: night.Receiver) -> Iterator[tuple[str, Callable[[], None]]]:
    """Every step of every story with its name, in order."""
    yield from story.told(story.Stage(url))
    yield from night.told(night.Night(url, NIGHT, receiver))
    yield from silence.told(silence.Silence(url, SILENCE, ahead))
    yield from pathology.told(pathology.Pathology(url, PATHOLOGY, ahead))


def main() -> int:
    """Tell the stories to a server and return 0, or 1 naming the step that failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.walks", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    options = parser.parse_args()
    with receiving() as receiver:
        for number, (name, step) in enumerate(chapters(options.url, receiver), start=1):
            try:
                step()
            except (Failed, OSError, subprocess.CalledProcessError) as error:
                print(f"✗ {number:2} {name}\n   {error}", file=sys.stderr, flush=True)
                return 1
            print(f"✓ {number:2} {name}", flush=True)
    print("全部步骤通过 · every step passed", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
