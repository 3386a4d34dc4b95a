"""Made-up documents from everybody: `./refnet drill fuzz [--minutes 10] [--seed 1]`.

schemathesis makes documents for each operation of the schema, new ones in each round; each is sent as every role, as a
system, and as nobody. No answer may be a fault of ours, or tell of tables, files or statements.
"""

import argparse
import sys
import time
from types import SimpleNamespace

from django.conf import settings
from django.db import transaction

from schema.views import gate
from tests.edge.every import every_mutation
from tests.endpoint.fuzzing import Fuzz, everybody, ids_that_exist
from tests.world import NOW, World


def main() -> int:
    """Run the drill on the database of the settings, print what was found, and return 0 if nothing was amiss."""
    parser = argparse.ArgumentParser(prog="refnet drill fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="begin no new round after so many")
    parser.add_argument("--examples", type=int, default=2, help="documents of each operation in a round")
    parser.add_argument("--seed", type=int, default=1, help="of the first round")
    options = parser.parse_args()
    settings.ALLOWED_HOSTS = ["testserver"]
    gate.moment = SimpleNamespace(now=lambda: NOW)  # type: ignore[assignment] # the moment of the small world
    end, seed, faults = time.monotonic() + options.minutes * 60, options.seed, 0
    while not faults and (seed == options.seed or time.monotonic() < end):
        with transaction.atomic():
            world = World.make()
            good = {name: given for name, (_who, _shape, given) in every_mutation(world).items()}
            fuzz = Fuzz(everybody(world), ids_that_exist(), good)
            fuzz.run(examples=options.examples, seed=seed)
            transaction.set_rollback(True)
        faults = len(fuzz.faults)
        print(f"seed {seed}: {fuzz.sent} requests of {len(fuzz.callers)} callers", flush=True)
        print(" · ".join(f"{code} {number}" for code, number in sorted(fuzz.codes.items())), flush=True)
        print(*(f"✗ {fault}" for fault in fuzz.faults[:20]), sep="\n", flush=True)
        seed += 1
    print(f"FAILED ({faults} faults)" if faults else "PASSED", flush=True)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
