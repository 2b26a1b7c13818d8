"""Pictures for tests: real ones of every accepted format, the same with secrets planted in them, and hostile ones."""
