"""The tests of the network; `tests.world` is the small network they act in."""
