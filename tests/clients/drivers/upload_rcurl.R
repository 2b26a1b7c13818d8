# RCurl, as knitr called it when Imgur's second API was new: upload_rcurl.R PICTURE KEY
library(RCurl)
words <- commandArgs(TRUE)
cat(postForm("http://api.imgur.com/2/upload.xml", key = words[1], image = fileUpload(words[2])))
