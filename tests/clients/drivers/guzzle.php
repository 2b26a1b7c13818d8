<?php
// Guzzle, as its documentation shows a form with a file: guzzle.php PICTURE
require "/usr/share/php/GuzzleHttp/autoload.php";
$client = new GuzzleHttp\Client(["base_uri" => "https://api.imgur.com/3/"]);
$answer = $client->post("image", [
    "headers" => ["Authorization" => "Client-ID 0123456789abcde"],
    "multipart" => [
        ["name" => "image", "contents" => fopen($argv[1], "r")],
        ["name" => "title", "contents" => "a title"],
    ],
]);
$data = json_decode($answer->getBody())->data;
echo json_encode(["link" => $data->link, "delete" => $data->deletehash]), "\n";
