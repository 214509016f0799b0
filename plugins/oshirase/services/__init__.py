"""Use cases: each takes its collaborators as arguments and owns its transactions."""
