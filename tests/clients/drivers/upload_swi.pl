% SWI-Prolog's client, as its manual shows the upload of a file: swipl upload_swi.pl PICTURE
:- use_module(library(http/http_client)).
:- use_module(library(http/http_multipart_plugin)).
:- use_module(library(http/http_json)).
:- use_module(library(main)).

:- initialization(main, main).

main([Picture]) :-
    getenv('SSL_CERT_FILE', Authorities),
    http_post('https://api.imgur.com/3/image', form_data([image=file(Picture), title='a title']), Answer,
              [ request_header('Authorization'='Client-ID 0123456789abcde'), cacerts([file(Authorities)]), json_object(dict) ]),
    format('{"link": "~w", "delete": "~w"}~n', [Answer.data.link, Answer.data.deletehash]).
