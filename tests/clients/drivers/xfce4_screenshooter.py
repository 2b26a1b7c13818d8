"""xfce4-screenshooter on a virtual screen: what its window says is read as screen readers do.

Run by Debian's Python, which has AT-SPI.
"""

import json
import os
import re
import subprocess
import sys
import time

import pyatspi

SECONDS = 40


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


def written(pattern):
    """The first group of what the first field says that fits."""

    def find():
        for each in screen():
            if each.getRoleName() == "text":
                found = re.fullmatch(pattern, each.queryText().getText(0, -1))
                if found:
                    yield found[1]

    return waited_for(find)


os.environ["GTK_MODULES"] = "gail:atk-bridge"
program = subprocess.Popen(["xfce4-screenshooter", "--fullscreen", "--imgur"], stdout=sys.stderr)
told = {"link": written(r"(https?://\S+\.\w+)"), "delete": written(r"https?://\S+/delete/(\w+)")}
program.terminate()
print(json.dumps(told))
