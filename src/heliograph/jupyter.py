"""A hook of Jupyter's server that publishes a notebook's pictures as it is saved; opt-in, in jupyter_server_config.py:

    from heliograph.jupyter import publish_before_save
    c.FileContentsManager.pre_save_hook = publish_before_save

The file then holds links, while the page that is open goes on to show the pictures themselves until it is loaded again.
Nothing of Jupyter is imported here.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from heliograph import Client, HeliographError, Image
from heliograph.documents.embedded import Embedded, moved_out
from heliograph.documents.notebooks import Node, Notebooks
from heliograph.documents.publishing import publish_all

TIMEOUT, RETRIES, PATIENCE = 20.0, 1, 2.0
"""Saving waits for this, and Jupyter with it: seconds of silence, tries after the first, seconds between tries."""
REMEMBERED = 1000
"""Pictures whose links are known without asking: Jupyter saves the same ones again every two minutes."""

_links: dict[Embedded, Image] = {}


def publish_before_save(model: dict[str, Any], path: str, contents_manager: Any, **_: Any) -> None:  # noqa: ANN401 # Jupyter's own
    """Publish the pictures of a notebook that is about to be written. Where that fails they stay in the file, and
    Jupyter's log says why: saving never fails for it.
    """
    notebook = model.get("content")
    if model.get("type") != "notebook" or not notebook or notebook.get("nbformat") != 4:
        return
    try:
        _publish(notebook)
    except HeliographError as error:
        log: logging.Logger = contents_manager.log
        log.warning("heliograph: the pictures of %s stay in it: %s", path, error)


def _publish(notebook: Node) -> None:
    def publish(pictures: Sequence[Embedded]) -> dict[Embedded, Image]:
        missing = [each for each in pictures if each not in _links]
        if missing:
            with Client(timeout=TIMEOUT, retries=RETRIES, patience=PATIENCE) as client:
                _links.update(publish_all(client, missing))
        known = {each: _links[each] for each in pictures}
        for oldest in list(_links)[:-REMEMBERED]:
            del _links[oldest]
        return known

    moved_out(lambda link: Notebooks().walk(notebook, link), publish)
