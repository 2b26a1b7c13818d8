"""Real servers for the tests, from PyPI wheels: on free ports of 127.0.0.1, in temporary folders."""
