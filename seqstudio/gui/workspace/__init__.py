"""What every page shares: the open session, the studio, its jobs, commands and preferences."""
