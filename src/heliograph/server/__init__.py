"""The server: everything between an ASGI request and the disk."""
