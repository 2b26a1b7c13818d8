"""The magics `%publish` and `%%publish`: figures of a notebook as links; hides IPython, which alone calls this.

A cell that is run again gives the same link, as every upload of the same bytes and texts does (`_idempotency`). A
figure that cannot be sent now waits in the outbox.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NoReturn

from heliograph.client._client import Client
from heliograph.client._drawers import matplotlib_figure
from heliograph.client._errors import HeliographError, InputError
from heliograph.client._look import THEMES
from heliograph.client._models import Image
from heliograph.client._provenance import cell_of
from heliograph.client.figures import drawn, picture_in

TEXTS = ("title", "description", "alt", "name", "album")
FORMATS = ("link", "markdown", "html", "rst", "latex", "bbcode")
FIRST_OPTION = re.compile(r"(?:^|\s)(?=--[a-z])")
ALTAIR = ("altair.vegalite.v6.api", "altair.vegalite.v5.api")
"""Where the class is that all charts of Altair are; notebooks are told HTML of them, which is no picture."""


class Publisher:
    """What the magics do in one session of IPython, `shell`."""

    def __init__(self, shell: Any) -> None:  # noqa: ANN401 # IPython has no types here: it is never imported
        self._shell = shell

    def publish(self, line: str, cell: str | None = None) -> object:
        """Publish figures, print their Markdown, and give the images.

        %publish [EXPRESSION] [OPTIONS]   what the expression gives, else the current figure, else what was shown last
        %publish --all [OPTIONS]          every picture that cells have shown since %load_ext heliograph
        %%publish [OPTIONS]               what the cell shows, with links in the place of the pictures

        Options: --title, --description, --alt, --name, --album, --format link|markdown|html|rst|latex|bbcode, --source
        (keep the cell's code with the picture, for all who see it), --theme light|dark (of an expression).
        """
        expression, options = _read(line)
        if options["theme"] and (cell is not None or options["all"]):
            _refuse("Only %publish with an expression draws in a theme: the others publish what was shown.")
        if options["source"]:
            options["source"] = self._code(cell, options)
        if cell is not None:
            if expression or options.pop("all"):
                _refuse("%%publish takes options only: it publishes all that its cell shows.")
            self._publish_cell(cell, options)
            return None
        if options.pop("all"):
            if expression:
                _refuse("Pass either an expression or --all.")
            return self._publish_all(options)
        thing = self._shell.ev(expression) if expression else self._last_shown()
        image = self._upload(thing, options)
        self._close(thing)
        return image

    def _publish_all(self, options: dict[str, Any]) -> list[Image]:
        pictures = list(dict.fromkeys(self._pictures_shown()))
        if not pictures:
            raise InputError("No cell has shown a picture since %load_ext heliograph.")
        return [self._upload(picture, options) for picture in pictures]

    def _publish_cell(self, cell: str, options: dict[str, Any]) -> None:
        """Run the cell; show what it shows, but pictures by their links."""
        capture = import_module("IPython.utils.capture")
        with self._showing_pictures(), capture.capture_output(stdout=False, stderr=False) as captured:
            outcome = self._shell.run_cell(cell)
        if not outcome.success:
            for output in captured.outputs:
                output.display()
            outcome.raise_error()
        if not self._show(captured.outputs, options):
            pyplot = _pyplot_with_figures()
            if pyplot is None:
                raise InputError("The cell has shown no picture.")
            self._display(self._upload(pyplot, options))  # outside of notebooks nobody shows figures after a cell

    def _show(self, outputs: Iterable[Any], options: dict[str, Any]) -> int:
        """Show what a cell has shown, with links in the place of pictures; how many there were.

        Where one cannot be published, it and all after it are shown as they are, and then the error is raised.
        """
        published, failure = 0, None
        for output in outputs:
            image = None
            try:
                picture = picture_in(output.data or {}) if failure is None else None
                if picture is not None:
                    image = self._upload(picture, options)
            except HeliographError as error:
                failure = error
            if image is None:
                output.display()
            else:
                self._display(image)
                published += 1
        if failure is not None:
            raise failure
        return published

    def _display(self, image: Image) -> None:
        import_module("IPython.display").display(image)

    @contextmanager
    def _showing_pictures(self) -> Iterator[None]:
        """Have objects show themselves in all ways that they know, in a terminal too, and Altair's charts as PNG."""
        formatter = self._shell.display_formatter
        active, formatter.active_types = formatter.active_types, formatter.format_types
        pictures = formatter.formatters["image/png"]
        for module in ALTAIR:
            pictures.for_type_by_name(module, "TopLevelMixin", drawn)
        try:
            yield
        finally:
            formatter.active_types = active
            for module in ALTAIR:
                pictures.pop(f"{module}.TopLevelMixin", None)

    def _upload(self, thing: object, options: dict[str, Any]) -> Image:
        """Publish one thing and print its words."""
        texts = {name: options[name] for name in TEXTS if options[name] is not None}
        with Client(outbox=True) as client:
            image = client.upload(thing, theme=options["theme"], source=options["source"], **texts)
        print(image if options["format"] == "link" else getattr(image, options["format"])())  # noqa: T201
        return image

    def _code(self, cell: str | None, options: dict[str, Any]) -> str:
        """The code to be kept with the picture: that of the cell."""
        if options["all"]:
            _refuse("--all publishes what other cells have shown: --source cannot say which.")
        code = cell or cell_of(self._shell.user_ns)
        if not code:
            _refuse("This IPython does not remember what was typed.")
        return code

    def _last_shown(self) -> object:
        """The open figure, else the last picture that a cell has shown."""
        if (pyplot := _pyplot_with_figures()) is not None:
            return pyplot
        shown = list(self._pictures_shown())
        if not shown:
            raise InputError("Nothing has been shown yet. Say what to publish: %publish figure")
        return shown[-1]

    def _pictures_shown(self) -> Iterator[bytes]:
        """All pictures that cells have shown, the first first; those that cannot be drawn here are passed over."""
        outputs = getattr(self._shell.history_manager, "outputs", None)
        if outputs is None:
            raise InputError("This IPython does not remember what was shown; version 9 and later do.")
        for _, shown in sorted(outputs.items()):
            for each in shown:
                try:
                    picture = picture_in(each.bundle)
                except HeliographError:
                    continue
                if picture is not None:
                    yield picture

    def _close(self, thing: object) -> None:
        """Close a published figure that the notebook would show, and keep, at the end of the cell once more."""
        pyplot, library = sys.modules.get("matplotlib.pyplot"), sys.modules.get("matplotlib")
        if pyplot is not None and library is not None and "inline" in library.get_backend():
            figure = matplotlib_figure(thing)
            if figure is not None:
                pyplot.close(figure)


def load(shell: Any) -> None:  # noqa: ANN401 # as above
    """Add the magics to a session of IPython, and have its kernel remember what cells show."""
    if hasattr(shell.display_pub, "store_display_history"):
        shell.display_pub.store_display_history = True
    publish = Publisher(shell).publish

    def magic(line: str, cell: str | None = None) -> object:
        try:
            return publish(line, cell)
        except HeliographError as error:
            told = [f"{type(error).__name__}: {error}"]  # IPython shows this in place of pages of our own code
            setattr(error, "_render_traceback_", lambda *_: told)  # noqa: B010 # a name of IPython's
            raise

    magic.__doc__ = Publisher.publish.__doc__
    as_it_stands = import_module("IPython.core.magic").no_var_expand(magic)  # {} is a dictionary, $ is part of a text
    shell.register_magic_function(as_it_stands, magic_kind="line_cell", magic_name="publish")


def _pyplot_with_figures() -> Any:  # noqa: ANN401 # as above
    """Pyplot, where it has an open figure; else None."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    return pyplot if pyplot is not None and pyplot.get_fignums() else None


class _Parser(argparse.ArgumentParser):
    """Refuses in IPython's way instead of ending the process."""

    def error(self, message: str) -> NoReturn:
        _refuse(f"{message}. See %publish?")


def _read(line: str) -> tuple[str, dict[str, Any]]:
    """The expression at the start of a line, "" without one, and the options after it."""
    start = FIRST_OPTION.search(line.strip())
    expression = line.strip()[: start.start()] if start else line.strip()
    parser = _Parser(prog="%publish", add_help=False, allow_abbrev=False)
    for name in TEXTS:
        parser.add_argument(f"--{name}")
    parser.add_argument("--format", choices=FORMATS, default="markdown")
    parser.add_argument("--theme", choices=THEMES)
    for switch in ("all", "source"):
        parser.add_argument(f"--{switch}", action="store_true")
    try:
        words = shlex.split(line.strip()[len(expression) :])
    except ValueError as error:
        _refuse(f"{error}. See %publish?")
    return expression.strip(), vars(parser.parse_args(words))


def _refuse(message: str) -> NoReturn:
    raise import_module("IPython.core.error").UsageError(message)
