"""Broken picture links, found in documents and repaired: `heliograph repair` and `heliograph mirror`.

Finds the addresses of pictures (`documents`), asks the web for them (`judging`), finds good copies (`copies`), uploads
these with the public client, and writes a patch that changes nothing but addresses (`patches`). `run` puts it together.
"""
