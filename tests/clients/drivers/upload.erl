% Erlang's httpc, the picture's bytes as the whole body: escript upload.erl PICTURE
main([Picture]) ->
    {ok, _} = application:ensure_all_started(ssl),
    {ok, _} = application:ensure_all_started(inets),
    {ok, Bytes} = file:read_file(Picture),
    Key = [{"authorization", "Client-ID 0123456789abcde"}],
    Trust = [{ssl, [{verify, verify_peer}, {cacertfile, os:getenv("SSL_CERT_FILE")}]}],
    Request = {"https://api.imgur.com/3/image.xml?title=a+title", Key, "image/png", Bytes},
    {ok, {{_, 200, _}, _, Body}} = httpc:request(post, Request, Trust, []),
    io:put_chars(Body).
