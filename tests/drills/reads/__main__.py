"""`./refnet drill reads [--operations 3000] [--seed N]`: ends with 1 if the engine and graphene differ anywhere."""

import argparse
import logging
import sys
import time
from random import Random

from django.test.utils import setup_test_environment

from schema import engine
from tests.drills.access.drilling import Drill, Size, network
from tests.drills.reads.asking import Askers, Tally, compare
from tests.drills.reads.making import Known, operations
from tests.edge.client import Edge
from tests.endpoint.fuzzing import everybody

ENOUGH = 10  # differences after which nothing more is asked


def asked_about(drill: Drill) -> tuple[Known, Askers]:
    """What exists in a network, and who asks: those who see most, and one of each role, a system, and nobody."""
    seeing = {person.username: Edge(person) for person in drill.net.asked}
    return Known.of(drill.net.lab.now), Askers([*seeing], seeing | everybody(drill.net.lab))


def compared(number: int, seed: int, known: Known, askers: Askers, *, enough: int = ENOUGH) -> Tally:
    """So many operations in a network, each asked by somebody to whom it mostly shows something; fewer where so many
    differences are enough."""
    tally, lot = Tally(), Random(seed)  # noqa: S311 - questions, not keys
    engine.forget()
    for at, operation in enumerate(operations(number, seed, known)):
        language = lot.choice(["zh-hans", "zh-hans", "en"])
        name, first = askers.chosen(lot, operation, language)
        compare(askers.edges[name], operation, first, known, tally, name=name, language=language)
        if at % 50 == 49:
            print("✗" if tally.differences else ".", end="", flush=True)
        if len(tally.differences) == enough:
            break
    return tally


def report(tally: Tally) -> None:
    """What was asked, how it was answered, which errors both ways told, and every difference."""
    for counts in (tally.asked, tally.how, tally.codes):
        for what, number in counts.most_common():
            print(f"{number:>9} {what}")
        print()
    for sentence in tally.faults:
        print(f"✗ both ways fail: {sentence}")
    for sentence in tally.differences:
        print(f"✗ {sentence}\n")
    mark = "✗" if tally.differences else "✓"
    print(
        f"{mark} {sum(tally.asked.values())} operations, {tally.how['reads compiled']} answered by the engine"
        f" ({tally.rows} of them with rows), {len(tally.differences)} differences",
        flush=True,
    )


def main() -> int:
    """Run the drill on the database of the settings, empty but for its catalogues."""
    parser = argparse.ArgumentParser(prog="refnet drill reads", description=__doc__)
    parser.add_argument("--operations", type=int, default=3000, help="how many are made up and asked both ways")
    parser.add_argument("--seed", type=int, default=1, help="of the network and of everything made up")
    options = parser.parse_args()
    setup_test_environment()
    for name in ("django.request", "refnet.graphql"):  # refusals are wanted, and faults are counted
        logging.getLogger(name).setLevel(logging.CRITICAL)
    began = time.monotonic()
    with network(options.seed, Size(scenes=45, people=30)) as drill:
        known, askers = asked_about(drill)
        print(f"· {options.seed}: {len(askers.edges)} askers {time.monotonic() - began:.0f} s ", end="", flush=True)
        tally = compared(options.operations, options.seed, known, askers)
        print(f" {time.monotonic() - began:.0f} s", flush=True)
    report(tally)
    return 1 if tally.differences or tally.faults else 0


if __name__ == "__main__":
    sys.exit(main())
