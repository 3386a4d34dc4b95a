"""Generated operations, each answered by the read engine and by graphene, and compared.

`python -m tests.drills.reads`, or `./refnet drill reads [--operations N] [--seed N]`.
"""
