"""An extension of Sphinx that publishes the pictures of HTML pages: extensions = ["heliograph.sphinx"].

Hides when Sphinx knows which pictures there are, and what it writes for one. Only Sphinx imports this module.

All pictures are published in one go after all pages are read, in the process that reads no more; writers, which may
be several processes, only look links up. So reading and writing in parallel are safe.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from heliograph import InputError
from heliograph.documents.sites import RASTERS, Published, Site

MEMORY = "heliograph.json"
"""The file in Sphinx's folder of doctrees that remembers links."""

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, Any]:
    """Sphinx calls this to learn what the extension does (Sphinx's documentation, "Application API")."""
    app.add_config_value("heliograph_server", None, "", [str, type(None)])
    app.add_config_value("heliograph_images", ["*"], "", [list, tuple])
    app.add_config_value("heliograph_keep", [], "", [list, tuple])
    pages = _Pages(app)
    app.connect("builder-inited", pages.begin)
    app.connect("env-get-outdated", pages.outdated)
    app.connect("env-updated", pages.publish)
    app.connect("doctree-resolved", pages.link)
    return {"version": version("heliograph"), "parallel_read_safe": True, "parallel_write_safe": True}


class _Pages:
    """The pages of one build, and the pictures on them."""

    def __init__(self, app: Sphinx) -> None:
        self._app = app
        self._site: Site | None = None

    def begin(self, app: Sphinx) -> None:
        """Pages that can show pictures of other hosts are made; others keep the pictures (LaTeX, EPUB)."""
        if app.builder.format == "html" and app.builder.supported_remote_images:
            try:
                self._site = Site(Path(app.doctreedir, MEMORY), app.config.heliograph_server, _warn)
            except InputError as error:
                _warn(f"all pictures stay on the site itself: {error}")

    def outdated(
        self, app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
    ) -> set[str]:
        """Pages whose pictures could not be published when they were written."""
        site = self._site
        if site is None:
            return set()
        return {page for file, pages in self._wanted(env) if not site.published(file) for page in pages} - removed

    def publish(self, app: Sphinx, env: BuildEnvironment) -> None:
        """Publish what is not yet published, once all pages are read."""
        if self._site is not None:
            self._site.publish(file for file, _ in self._wanted(env))

    def link(self, app: Sphinx, doctree: nodes.document, docname: str) -> None:
        """Have a page that is about to be written show its pictures by their links."""
        if self._site is None:
            return
        for node in doctree.findall(nodes.image):
            file = self._chosen(node)
            published = self._site.published(self._path(file)) if file and self._is_wanted(file) else None
            if published is not None:
                _show(node, published)

    def _wanted(self, env: BuildEnvironment) -> Iterator[tuple[Path, set[str]]]:
        """The files of all pictures that are to be published, and the pages that show them."""
        for file, (pages, _) in env.images.items():
            if self._is_wanted(str(file)):
                yield self._path(str(file)), pages

    def _is_wanted(self, file: str) -> bool:
        wanted, kept = (
            any(fnmatchcase(file, each) for each in patterns)
            for patterns in (self._app.config.heliograph_images, self._app.config.heliograph_keep)
        )
        return wanted and not kept and PurePath(file).suffix.lower() in RASTERS

    def _path(self, file: str) -> Path:
        return Path(self._app.srcdir, file)

    def _chosen(self, node: nodes.image) -> str:
        """The file that the builder would show, by the way it chooses (`Builder.post_process_images`); "" for none."""
        candidates: dict[str, str] = node.get("candidates", {})
        types = ("*", *self._app.builder.supported_image_types)
        return next((candidates[each] for each in types if "?" not in candidates and each in candidates), "")


def _show(node: nodes.image, published: Published) -> None:
    """Have an image of a page show the published picture, in the size that it would have had."""
    node.setdefault("alt", node["uri"])  # docutils takes the address where there is none, which says nothing now
    node["uri"] = published.link
    node["candidates"] = {"?": published.link}
    if "scale" in node:  # Sphinx would look into the file for what is scaled
        node.setdefault("width", str(published.width))
        node.setdefault("height", str(published.height))


def _warn(message: str) -> None:
    logger.warning("heliograph: %s", message, type="heliograph")
