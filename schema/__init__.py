"""The GraphQL edge: words on the wire, and no rules."""
