# Says what a name below /run/netns stands for.
# Argument: FILE. Prints what it is, `a network namespace` if all is well; nothing when there is none.
use strict;

my ($path) = @ARGV;
my @found = stat $path or exit 0;
my @own = stat '/proc/self/ns/net' or die "/proc/self/ns/net: $!\n";
# All namespaces are files of one file system (nsfs).
if ($found[0] != $own[0]) { print 'a file without a namespace' }
elsif ($found[1] == $own[1]) { print "the host's own network namespace" }
else {
    open my $file, '<', $path or die "$path: $!\n";
    my $type = ioctl $file, 0xb703, 0; # NS_GET_NSTYPE (ioctl_ns(2))
    print $type == 0x40000000 ? 'a network namespace' : 'a namespace of another type'; # CLONE_NEWNET
}
