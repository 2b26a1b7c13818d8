-- Lua's socket library, as a program of 2012 used Imgur's second API: base64 in a form.
local http = require("socket.http")
local ltn12 = require("ltn12")
local mime = require("mime")
local url = require("socket.url")

local file = assert(io.open(arg[1], "rb"))
local body = "key=" .. arg[2] .. "&image=" .. url.escape((mime.b64(file:read("*a"))))
file:close()
local answer = {}
local _, status = http.request({
  url = "http://api.imgur.com/2/upload.json",
  method = "POST",
  headers = { ["Content-Type"] = "application/x-www-form-urlencoded", ["Content-Length"] = #body },
  source = ltn12.source.string(body),
  sink = ltn12.sink.table(answer),
})
assert(status == 200, status)
print((table.concat(answer):gsub("\\/", "/")))
