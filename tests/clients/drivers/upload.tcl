# Tcl's http and tls, base64 in a form to Imgur's third API: upload.tcl PICTURE
package require http
package require tls

::http::register https 443 [list ::tls::socket -autoservername true -require true -cafile $env(SSL_CERT_FILE)]
set file [open [lindex $argv 0] rb]
set form [::http::formatQuery image [binary encode base64 [read $file]] type base64]
close $file
set answer [::http::geturl https://api.imgur.com/3/image.xml -query $form \
    -headers {Authorization "Client-ID 0123456789abcde"}]
puts [::http::data $answer]
