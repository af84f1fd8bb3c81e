"""Jobs: what was asked, the database of jobs and items, and where inputs and outputs go."""
