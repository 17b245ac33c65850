# Notes that it is the lab that causes the mount on /run/netns: `ip netns add` makes it when it is first used (ip-netns(8)).
# Argument: NOTE
use strict;

my ($note) = @ARGV;
open my $mounts, '<', '/proc/self/mountinfo' or die "/proc/self/mountinfo: $!\n";
unless (grep { (split)[4] eq '/run/netns' } <$mounts>) {
    open my $file, '>', $note or die "$note: $!\n";
}
