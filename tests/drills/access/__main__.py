"""`./refnet drill access [--worlds N] [--seed N] [--plant]`: ends with 1 on any difference, or on a bug not found."""

import argparse
import logging
import sys
import time

from django.test.utils import setup_test_environment

from tests.drills.access.drilling import Size, network, self_test
from tests.drills.access.tally import Tally


def show(text: str) -> None:
    """Progress, at once."""
    print(text, end="", flush=True)


def one_world(seed: int, size: Size) -> Tally:
    """The drill in one network, with a line on what was in it and what was found."""
    tally, began = Tally(), time.monotonic()
    with network(seed, size) as drill:
        facts = drill.facts
        show(f"· {seed}: {len(facts.legs)} legs {len(facts.calls)} offers {len(facts.glasses)} pathology ")
        show(f"{len(facts.people)} people ")
        drill.everybody(tally, show)  # both layers
        drill.tables(tally, show)  # the policies by plain SQL
        drill.gate_open(tally, size.people // 3, show)  # the policies alone
        drill.policies_off(tally, size.people // 3, show)  # the gate alone
    mark = "✗" if tally.differences else "✓"
    print(f" {mark} {sum(tally.checks.values())} checks {time.monotonic() - began:.0f} s", flush=True)
    for sentence in tally.differences[:20]:
        print(f"    ✗ {sentence}", flush=True)
    return tally


def plant(seed: int, size: Size) -> int:
    """Plant every bug in one network; 1 if one was not found."""

    def report(name: str, found: str) -> None:
        print(f"{'✓' if found else '✗'} {name}: {found[:160] or 'NOT FOUND'}", flush=True)

    with network(seed, size) as drill:
        missed = self_test(drill, report)
    print(f"{len(missed)} not found", flush=True)
    return 1 if missed else 0


def main() -> int:
    """Run the drill on the database of the settings, empty but for its catalogues."""
    parser = argparse.ArgumentParser(prog="refnet drill access", description=__doc__)
    parser.add_argument("--worlds", type=int, default=10, help="random networks")
    parser.add_argument("--seed", type=int, default=1, help="of the first network")
    parser.add_argument("--scenes", type=int, default=Size.scenes, help="stories in each network")
    parser.add_argument("--people", type=int, default=Size.people, help="people asked in each network")
    parser.add_argument("--plant", action="store_true", help="plant known bugs and find each")
    options = parser.parse_args()
    setup_test_environment()
    for name in ("django.request", "refnet.graphql"):  # refusals are what is asked for, and faults are counted
        logging.getLogger(name).setLevel(logging.CRITICAL)
    size = Size(scenes=options.scenes, people=options.people)
    if options.plant:
        return plant(options.seed, size)
    total = Tally()
    for seed in range(options.seed, options.seed + options.worlds):
        total.add(one_world(seed, size))
    for what, count in sorted(total.checks.items()):
        print(f"{count:>9} {what}")
    print(
        f"{'✗' if total.differences else '✓'} {sum(total.checks.values())} checks, {len(total.differences)} differences"
    )
    return 1 if total.differences else 0


if __name__ == "__main__":
    sys.exit(main())
