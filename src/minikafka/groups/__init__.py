"""Group state machines: groups, their members and committed offsets, by coordinator partition."""
