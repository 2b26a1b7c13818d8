# rest-client, as its README shows the upload of a file: rest_client.rb upload PICTURE, or remove HASH
require "json"
require "rest-client"

verb, word = ARGV
key = { Authorization: "Client-ID 0123456789abcde" }
if verb == "upload"
  answer = RestClient.post("https://api.imgur.com/3/image", { image: File.new(word, "rb"), title: "a title" }, key)
  data = JSON.parse(answer.body)["data"]
  puts JSON.generate(link: data["link"], delete: data["deletehash"])
else
  RestClient.delete("https://api.imgur.com/3/image/#{word}", key)
end
