#!/bin/sh
# PicGo's command with the settings that the server itself hands out: picgo_settings.sh NODE_MODULES ADDRESS PICTURE.
set -eu
mkdir -p "$HOME/.picgo"
curl -sS "$2/docs/clients/picgo.json" -o "$HOME/.picgo/config.json"
printf '{"dependencies": {"picgo-plugin-web-uploader": "1.1.1"}}' >"$HOME/.picgo/package.json"
ln -s "$1" "$HOME/.picgo/node_modules"
node "$1/picgo/bin/picgo" upload "$3"
