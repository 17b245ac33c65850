# What really runs of a lab on its host: which namespaces are there, which processes are in them, and which should be.
# Arguments: LAB NAMESPACE...
# Prints one fact a line, its parts separated by spaces, free text in hexadecimal:
#   netns NAME                       a namespace that is there
#   process PID NAME COMMAND MARK    a process in it; MARK is what podnet put into its environment, nothing for others
#   record PID RECORD                a process that podnet started, as written down; PID 0 when it never came so far
use strict;

my ($lab, @names) = @ARGV;
my %name_of;

sub slurp {
    open(my $file, '<', $_[0]) or return '';
    local $/;
    return <$file> // '';
}

sub hex_of { my $text = unpack 'H*', $_[0]; return $text eq '' ? '-' : $text; }

my ($device) = stat '/proc/self/ns/net';
for my $name (@names) {
    my ($its_device, $inode) = stat "/run/netns/$name" or next;
    next if $its_device != $device; # a file without a namespace
    $name_of{$inode} = $name;
    print "netns $name\n";
}

for my $pid (grep { /^\d+$/ } map { substr $_, 6 } glob '/proc/[0-9]*') {
    my (undef, $inode) = stat "/proc/$pid/ns/net" or next;
    my $name = $name_of{$inode} // next;
    my ($mark) = ("\0" . slurp("/proc/$pid/environ")) =~ /\0PODNET_PROCESS=([^\0]*)/;
    my $command = join ' ', split /\0/, slurp("/proc/$pid/cmdline");
    print join(' ', 'process', $pid, $name, hex_of($command), hex_of($mark // '')), "\n";
}

for my $path (glob "/run/podnet/$lab/.owned/*/Process-*") {
    next if $path =~ /\.(pid|log|new)$/;
    my ($pid) = slurp("$path.pid") =~ /^(\d+)$/m;
    print join(' ', 'record', $pid // 0, hex_of(slurp($path))), "\n";
}
