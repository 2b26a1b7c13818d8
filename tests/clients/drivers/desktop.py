"""Programs with windows, on a virtual screen: their buttons are pressed and their answers read as screen readers do.

desktop.py xfce4-screenshooter, desktop.py lximage-qt PICTURE. Run by Debian's Python, which has AT-SPI.
"""

import json
import os
import re
import subprocess
import sys
import time
from contextlib import suppress

import pyatspi
from gi.repository import GLib

SECONDS = 20


def parts(of):
    """A part of the screen, and all in it."""
    yield of
    for each in range(of.childCount):
        child = of.getChildAtIndex(each)
        if child is not None:
            yield from parts(child)


def screen():
    """All that is on the screen now; what goes away while it is looked at is left out."""
    try:
        for program in pyatspi.Registry.getDesktop(0):
            if program is not None:
                yield from parts(program)
    except (LookupError, RuntimeError):
        return


def waited_for(find):
    """The first thing that `find` finds, which may take a while to come."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        pyatspi.Registry.getDesktop(0).clear_cache()
        found = next(find(), None)
        if found is not None:
            return found
        time.sleep(0.2)
    sys.exit("it did not come: " + ", ".join(f"{each.getRoleName()} {each.name!r}" for each in screen()))


def press(role, name):
    """Press a button or choose from a menu."""
    found = waited_for(lambda: (each for each in screen() if (each.getRoleName(), each.name) == (role, name)))
    with suppress(GLib.Error):  # where a dialog opens, the answer comes when it closes
        found.queryAction().doAction(0)


def written(pattern):
    """The first group of what the first field says that fits."""

    def find():
        for each in screen():
            if each.getRoleName() == "text":
                found = re.fullmatch(pattern, each.queryText().getText(0, -1))
                if found:
                    yield found[1]

    return waited_for(find)


name, *pictures = sys.argv[1:]
os.environ["GTK_MODULES"] = "gail:atk-bridge"
if name == "xfce4-screenshooter":
    program = subprocess.Popen([name, "--fullscreen", "--imgur"], stdout=sys.stderr)
    told = {"link": written(r"(https?://\S+\.\w+)"), "delete": written(r"https?://\S+/delete/(\w+)")}
else:
    program = subprocess.Popen([name, *pictures], stdout=sys.stderr)
    press("menu item", "Upload")
    press("push button", "Start")
    told = {"link": written(r"(https?://\S+)")}
program.terminate()
print(json.dumps(told))
