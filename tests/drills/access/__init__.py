"""Who sees what, answered three times and compared: by the written rule, by the edge, by plain SQL.

`python -m tests.drills.access`, or `./refnet drill access [--worlds N] [--seed N] [--plant]`.
"""
