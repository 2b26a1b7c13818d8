"""A plugin of MkDocs that publishes the pictures of pages: plugins: [heliograph].

Hides how MkDocs spells the addresses of files. Only MkDocs imports this module.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from mkdocs.config.base import Config
from mkdocs.config.config_options import ListOfItems, Optional, Type
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import BasePlugin, get_plugin_logger
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from heliograph import InputError
from heliograph.documents import html
from heliograph.documents.embedded import path_beside, replaced
from heliograph.documents.sites import Site
from heliograph.documents.views import Reference

MEMORY = "heliograph.json"

logger = get_plugin_logger(__name__)


class PublishConfig(Config):  # type: ignore[no-untyped-call] # MkDocs' own
    """The options in mkdocs.yml. `images`, `keep`: patterns of paths in the folder of pages."""

    enabled = Type(bool, default=True)
    server = Optional(Type(str))
    images = ListOfItems(Type(str), default=["*"])
    keep = ListOfItems(Type(str), default=[])
    cache_dir = Type(str, default=".cache/heliograph")


class PublishPlugin(BasePlugin[PublishConfig]):  # type: ignore[no-untyped-call] # as above
    """Publishes the picture files that pages show, and has the pages show them by their links."""

    def on_env(self, env: Any, config: MkDocsConfig, files: Files, **_: Any) -> None:  # noqa: ANN401, ARG002 # MkDocs' own
        """Pages are HTML by now, and nothing is written yet (MkDocs' documentation, "Events")."""
        if not self.config.enabled:
            return
        folder = Path(config.config_file_path or ".").parent
        try:
            site = Site(folder / self.config.cache_dir / MEMORY, self.config.server, logger.warning)
        except InputError as error:
            raise PluginError(f"heliograph: {error}") from error
        pictures = {file.dest_uri: Path(file.abs_src_path) for file in self._wanted(files)}
        pages = [file.page for file in files if file.page is not None and file.page.content]
        site.publish([file for page in pages for _, file in _shown(page, pictures)])
        for page in pages:
            links = [(reference, site.published(file)) for reference, file in _shown(page, pictures)]
            page.content = replaced(page.content or "", [(each, to.link) for each, to in links if to is not None])

    def _wanted(self, files: Files) -> Iterator[Any]:
        """The files that may be published."""
        for file in files.media_files():
            wanted, kept = (
                any(fnmatchcase(file.src_uri, each) for each in patterns)
                for patterns in (self.config.images, self.config.keep)
            )
            if wanted and not kept and file.abs_src_path:
                yield file


def _shown(page: Page, pictures: dict[str, Path]) -> Iterator[tuple[Reference, Path]]:
    """Where a page shows pictures of the site, and which files those are."""
    folder = posixpath.dirname(page.file.dest_uri)
    for reference in html.pictures(page.content or ""):
        if path := path_beside(reference.address):
            file = pictures.get(posixpath.normpath(posixpath.join(folder, path)))
            if file is not None:
                yield reference, file
