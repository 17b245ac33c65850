# Finds a process again whose file with its id is lost or not whole: the first of a session that carries its marks.
# Arguments: MARK... Prints its id and the time of its start, as the file holds them. Exit code 1 when there is none.
use strict;

sub slurp {
    open(my $file, '<', $_[0]) or return '';
    local $/;
    return <$file> // '';
}

my ($device, $inode) = stat '/run';
my ($pid, $born);
opendir(my $proc, '/proc') or die "/proc: $!\n";
for my $other (grep { /^\d+$/ } readdir $proc) {
    my $environment = "\0" . slurp("/proc/$other/environ");
    next if grep { index($environment, "\0$_\0") < 0 } @ARGV;
    # State, ..., session (3), ..., time of start (19), behind the name in brackets (proc(5)).
    my @fields = split ' ', (slurp("/proc/$other/stat") =~ /.*\) (.*)/s)[0] // next;
    next if $fields[0] =~ /[ZX]/ || $fields[3] != $other;
    # A container may run a lab of the same name; its processes see another /run.
    my ($its_device, $its_inode) = stat "/proc/$other/root/run" or next;
    next if $its_device != $device || $its_inode != $inode;
    # What it started may have begun a session of its own, later.
    ($pid, $born) = ($other, $fields[19]) if !defined $born || $fields[19] < $born;
}
defined $pid or exit 1;
print "$pid\n$born\n";
