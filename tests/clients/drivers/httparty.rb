# HTTParty, as people wrote it beside the first documentation of Imgur's API: base64 in a form, or all in the query.
require "base64"
require "httparty"
require "json"

how, file, key, url = ARGV
address = "http://imgur.com/api/upload.#{how == "query" ? "xml" : "json"}"
answer =
  if how == "query"
    HTTParty.post(address, query: { key: key, image: url })
  else
    HTTParty.post(address, body: { key: key, image: Base64.encode64(File.binread(file)) })
  end
# It parses by the Content-Type of the answer.
told = how == "query" ? answer["rsp"] : answer["rsp"]["image"]
puts JSON.generate(link: told["original_image"], delete: told["delete_hash"])
