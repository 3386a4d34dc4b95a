"""What is served: the GraphQL endpoint, the session, files, GraphiQL."""
