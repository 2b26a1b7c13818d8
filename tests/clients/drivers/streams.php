<?php
// PHP without curl: a stream with a context, a form of base64. streams.php PICTURE
$context = stream_context_create(["http" => [
    "method" => "POST",
    "header" => "Authorization: Client-ID 0123456789abcde\r\nContent-Type: application/x-www-form-urlencoded",
    "content" => http_build_query(["image" => base64_encode(file_get_contents($argv[1]))]),
]]);
$data = json_decode(file_get_contents("https://api.imgur.com/3/image.json", false, $context))->data;
echo json_encode(["link" => $data->link, "delete" => $data->deletehash]), "\n";
