"""Live streams: GraphQL subscriptions over server-sent events, fed from the one feed of events."""
