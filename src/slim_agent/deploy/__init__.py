"""How a version reaches production and comes back. The plan, the targets and the release history will live here."""
