# Reads the network namespace that it runs in.
# Arguments: NAME of each setting, as sysctl(8) takes it
# Prints `up` or `down`, as the interface lo is, and the value of each setting in a line; an empty one for a setting that is not there.
use strict;

socket my $socket, 2, 2, 0 or die "socket: $!\n"; # AF_INET, SOCK_DGRAM
my $request = pack 'a16 x24', 'lo'; # struct ifreq (netdevice(7))
ioctl $socket, 0x8913, $request or die "lo: $!\n"; # SIOCGIFFLAGS
print unpack('x16 S', $request) & 1 ? "up\n" : "down\n"; # IFF_UP
for my $name (@ARGV) {
    (my $path = $name) =~ tr{.}{/};
    my $file;
    my $value = open($file, '<', "/proc/sys/$path") ? <$file> : '';
    chomp $value;
    print "$value\n";
}
