#!/bin/sh
# KDE Purpose's plug-in for Imgur on a screen that is not there: purpose.sh PICTURE.
set -eu
export XDG_RUNTIME_DIR="$HOME" QT_QPA_PLATFORM=offscreen QT_QUICK_BACKEND=software
# What KDE starts beside it stays for others to use, so all of it is ended with the first process.
timeout 40 unshare --pid --fork --kill-child dbus-run-session -- timeout 30 qml "$(dirname "$0")/purpose.qml" -- "file://$1" >"$HOME/log" 2>&1 ||
    { cat "$HOME/log" >&2; exit 1; }
sed -n 's/^qml: {/{/p' "$HOME/log"
