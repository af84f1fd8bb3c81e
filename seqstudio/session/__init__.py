"""Sessions: a person's work in one file, every change of it durable and undoable."""
