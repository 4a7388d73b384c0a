"""Mail: letters in the reader's language, an outbox in the database, and a worker that sends them. See docs/decisions/0023."""
