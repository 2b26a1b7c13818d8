"""A preprocessor of nbconvert that publishes a notebook's pictures; hides what nbconvert took out before it.

    jupyter nbconvert --to markdown --MarkdownExporter.preprocessors=heliograph.nbconvert.PublishPreprocessor nb.ipynb

Only nbconvert imports this module.
"""

from __future__ import annotations

import posixpath
from typing import Any

from nbconvert.preprocessors import Preprocessor
from traitlets import Bool, Unicode

from heliograph import Client
from heliograph.documents.embedded import moved_out
from heliograph.documents.notebooks import ATTACHMENT, Node, Notebooks
from heliograph.documents.publishing import publish_all


class PublishPreprocessor(Preprocessor):
    """Publishes all pictures of a notebook, and has what is made of it show them by their links.

    Raises HeliographError where one cannot be published: nothing is written then.
    """

    server = Unicode("", help="The server's address; else HELIOGRAPH_URL, or the config file.").tag(config=True)
    keep_svg = Bool(False, help="Leave SVGs as they are; else they are drawn as PNG.").tag(config=True)

    def preprocess(self, nb: Node, resources: Node) -> tuple[Node, Node]:
        """Publish the pictures of `nb`, which is changed; what exporters have set aside of them is dropped."""
        _put_back(nb, resources)
        notebooks = Notebooks(self.keep_svg)
        with Client(self.server or None) as client:
            moved_out(lambda link: notebooks.walk(nb, link), lambda pictures: publish_all(client, pictures))
        _drop_unused(nb, resources)
        return nb, resources


def _put_back(nb: Node, resources: Node) -> None:
    """Have texts name attachments as notebooks do, where ExtractAttachmentsPreprocessor, which exporters run first, has
    made files of them.
    """
    files = resources.get("outputs") or {}
    for cell in nb["cells"]:
        for name in cell.get("attachments") or ():
            for file in [each for each in files if posixpath.basename(each) == name and each in cell["source"]]:
                cell["source"] = cell["source"].replace(file, ATTACHMENT + name)


def _drop_unused(nb: Node, resources: Node) -> None:
    """Keep of the files that exporters would write beside only those that the notebook still shows."""
    files: dict[str, Any] = resources.get("outputs") or {}
    shown = {
        name
        for cell in nb["cells"]
        for output in cell.get("outputs") or ()
        for media_type, name in output.get("metadata", {}).get("filenames", {}).items()
        if media_type in output.get("data", {})
    }
    attached = {name for cell in nb["cells"] for name in cell.get("attachments") or ()}
    for file in list(files):
        if file not in shown and posixpath.basename(file) not in attached:
            del files[file]
