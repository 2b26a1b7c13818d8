# Perl's LWP, as people wrote it for Imgur's third API: a file as a part of a form. upload_lwp.pl PICTURE
use strict;
use warnings;
use HTTP::Request::Common qw(POST);
use JSON::PP;
use LWP::UserAgent;

my $agent = LWP::UserAgent->new(ssl_opts => { SSL_ca_file => $ENV{'SSL_CERT_FILE'} });
my $answer = $agent->request(
    POST 'https://api.imgur.com/3/image',
    Authorization => 'Client-ID 0123456789abcde',
    Content_Type  => 'form-data',
    Content       => [ image => [ $ARGV[0] ], title => 'a title' ],
);
die $answer->status_line . "\n" . $answer->content unless $answer->is_success;
my $data = decode_json($answer->content)->{'data'};
print encode_json({ link => $data->{'link'}, delete => $data->{'deletehash'} }), "\n";
