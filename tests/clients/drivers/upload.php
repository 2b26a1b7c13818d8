<?php
// PHP's curl, as people wrote it beside the first documentation of Imgur's API: an array (multipart) or a form.
[, $how, $file, $key] = $argv;
$fields = ["key" => $key, "image" => base64_encode(file_get_contents($file))];
$curl = curl_init("http://imgur.com/api/upload.xml");
curl_setopt($curl, CURLOPT_TIMEOUT, 30);
curl_setopt($curl, CURLOPT_POST, 1);
curl_setopt($curl, CURLOPT_RETURNTRANSFER, 1);
curl_setopt($curl, CURLOPT_POSTFIELDS, $how === "array" ? $fields : http_build_query($fields));
$answer = simplexml_load_string(curl_exec($curl));
echo json_encode(["link" => (string) $answer->original_image, "delete" => (string) $answer->delete_hash]), "\n";
