# Notes that it is the lab that causes the mount on /run/netns: `ip netns add` makes it when it is first used (ip-netns(8)).
# Argument: NOTE
use strict;

my ($note) = @ARGV;

# Whatever has a name there is mounted below it. The list of mounts is long when many have.
my ($file_system) = stat '/proc/self/ns/net' or die "/proc/self/ns/net: $!\n";
opendir my $folder, '/run/netns';
my ($name) = grep { !/^\.\.?$/ } $folder ? readdir $folder : ();
my ($its) = defined $name ? stat "/run/netns/$name" : ();
exit 0 if defined $its && $its == $file_system;

open my $mounts, '<', '/proc/self/mountinfo' or die "/proc/self/mountinfo: $!\n";
unless (grep { (split)[4] eq '/run/netns' } <$mounts>) {
    open my $file, '>', $note or die "$note: $!\n";
}
