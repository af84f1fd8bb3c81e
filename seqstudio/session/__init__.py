"""Sessions: the user's work in one file; each change is durable and can be undone."""
