# curb, as bill-kolokithas' script for screenshots called it: curb.rb PICTURE
require "curb"
require "json"

imgur = Curl::Easy.new("https://api.imgur.com/3/upload.json")
imgur.cacert = ENV["SSL_CERT_FILE"]
imgur.multipart_form_post = true
imgur.headers["Authorization"] = "Client-ID 0123456789abcde"
imgur.http_post(Curl::PostField.file("image", ARGV[0]))
data = JSON.parse(imgur.body_str)["data"]
puts JSON.generate(link: data["link"], delete: data["deletehash"])
