"""Jobs: their queue and dock, the form of any operation, and what their results become."""
