# What really runs of a lab on its host: which namespaces are there, which processes are in them, and which should be.
# Arguments: LAB NAMESPACE...
# Prints one fact a line, its parts separated by spaces, free text in hexadecimal:
#   netns NAME                       a namespace that is there
#   process PID NAME COMMAND         a process in it
#   record PID RECORD                a process that podnet started, as written down; PID 0 when it has ended, or never began
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
    my $command = join ' ', split /\0/, slurp("/proc/$pid/cmdline");
    print join(' ', 'process', $pid, $name, hex_of($command)), "\n";
}

for my $path (glob "/run/podnet/$lab/.owned/*/Process-*") {
    next unless $path =~ /-[0-9a-f]+$/;
    my ($pid, $born) = slurp("$path.pid") =~ /^(\d+)\n(\d+)\n/;
    # State, ..., time of start (19), behind the name in brackets (proc(5)): another process may have the id by now.
    my @fields = defined $pid ? split ' ', (slurp("/proc/$pid/stat") =~ /.*\) (.*)/s)[0] // '' : ();
    my $runs = @fields && $fields[0] !~ /[ZX]/ && $fields[19] == $born;
    print join(' ', 'record', $runs ? $pid : 0, hex_of(slurp($path))), "\n";
}
