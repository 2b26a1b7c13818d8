# Shutter's upload plug-in for Imgur, called as Shutter's own dialog calls it: shutter.pl PICTURE
use strict;
use warnings;

our $picture;
BEGIN {
    $ENV{'SHUTTER_ROOT'} = '/usr';
    $ENV{'SHUTTER_INTL'} = '/usr/share/locale';
    $picture = $ARGV[0];
    @ARGV = ('');
}
use lib '/usr/share/shutter/resources/system/upload_plugins/upload', '/usr/share/shutter/resources/modules';
use Gtk3 '-init';
use Locale::gettext;
require Imgur;
use LWP::UserAgent;
use HTTP::Request::Common;

my $words = Locale::gettext->domain('shutter-plugins');
my $plugin = Imgur->new('', 0, '/usr', $words, undef, undef);
$plugin->init('');
my %links = $plugin->upload($picture, '', '');
my ($hash) = ($links{'deletion_link'} // '') =~ m{/delete/(\w+)};
die "$links{'status'}\n" unless defined $hash;
print qq({"link": "$links{'direct_link'}", "delete": "$hash"}\n);
