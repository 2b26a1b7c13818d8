; newLISP's post-url, a form of base64 to Imgur's second API: newlisp upload.lsp PICTURE KEY
(set 'picture (read-file (main-args -2)))
(set 'form (string "key=" (main-args -1) "&image=" (replace "[+/=]" (base64-enc picture) (format "%%%02X" (char $it)) 0)))
(println (post-url "http://api.imgur.com/2/upload.json" form))
(exit)
