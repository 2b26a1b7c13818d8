"""The client library. Shares no code with the server: it is an independent witness of what the server promises.

What is public is what `heliograph` itself lists.
"""
