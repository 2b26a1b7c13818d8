#!/bin/sh
# xfce4-screenshooter on a virtual screen, with what lets screen readers see its window.
set -eu
export XDG_RUNTIME_DIR="$HOME" XDG_SESSION_TYPE=x11
timeout 60 dbus-run-session -- xvfb-run -a /usr/bin/python3 "$(dirname "$0")/xfce4_screenshooter.py" 2>"$HOME/log" ||
    { cat "$HOME/log" >&2; exit 1; }
