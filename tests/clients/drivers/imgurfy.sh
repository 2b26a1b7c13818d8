#!/bin/sh
# imgurfy's command, with what its own setup writes: imgurfy.sh BIN CLIENTID SECRET ACCESSTOKEN REFRESHTOKEN PICTURE.
set -eu
printf '{"username": "ada", "cid": "%s", "cs": "%s", "token": "%s", "refresh_token": "%s"}' "$2" "$3" "$4" "$5" \
    >"$HOME/imcred.json"
"$1/imgurfy" upload --path "$6" --title "a title"
