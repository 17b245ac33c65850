# Says what a name below /run/netns stands for.
# Argument: FILE. Prints `namespace` or `file`; nothing when there is none.
use strict;

my ($path) = @ARGV;
my @found = stat $path or exit 0;
my @known = stat '/proc/self/ns/net' or die "/proc/self/ns/net: $!\n";
print $found[0] == $known[0] ? 'namespace' : 'file'; # All namespaces are files of one file system (nsfs).
