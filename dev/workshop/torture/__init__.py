"""``dev/torture``: a cycle is killed at each of its boundaries, and must come out right each time."""
