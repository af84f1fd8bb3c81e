"""A test kit for plugins: pytest fixtures that run a plugin in a real studio.

pytest loads it where SeqStudio is installed. See "Test it" in `docs/write-a-plugin.md`.
"""
