"""The GraphQL edge, asked the way a client asks it."""
