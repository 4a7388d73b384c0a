"""What the tests share: clusters, databases, the running service and a client for it."""
