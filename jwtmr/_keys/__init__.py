"""Keys over time. Pure but for ``source``, the one file with a lock, a thread and a ``Future``."""
