"""The desktop app: views over `Studio` and a session; no torch and no plugin code in here."""
