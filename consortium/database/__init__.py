"""The embedded PostgreSQL and what the network asks of any PostgreSQL; needs no Django but for `checks`."""
