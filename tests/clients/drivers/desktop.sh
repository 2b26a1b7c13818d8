#!/bin/sh
# A program with a window on a virtual screen, with what lets screen readers see it: desktop.sh PROGRAM [PICTURE].
set -eu
export XDG_RUNTIME_DIR="$HOME" XDG_SESSION_TYPE=x11 QT_QPA_PLATFORM=xcb QT_LINUX_ACCESSIBILITY_ALWAYS_ON=1 QT_ACCESSIBILITY=1
timeout 60 dbus-run-session -- xvfb-run -a /usr/bin/python3 "$(dirname "$0")/desktop.py" "$@" 2>"$HOME/log" ||
    { cat "$HOME/log" >&2; exit 1; }
