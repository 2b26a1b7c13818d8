"""Real servers for the tests, from PyPI wheels: PostgreSQL and SeaweedFS, on free ports of 127.0.0.1, in temporary folders."""
