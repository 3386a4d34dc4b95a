"""The endpoint as a machine on the network meets it: real processes, real sockets, suites that others wrote."""
