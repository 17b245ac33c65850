# Finds a process that a lab started, by what was written down of it: its record, and the file with its id and the time of its start.
# Arguments: RECORD ID-FILE NAMESPACE MARK...
# Prints the record. Exit code 3: there is no such process, or it is in another network namespace, as one that outlived its
# namespace's name is.
#
# A process whose id is not written down, or not wholly, is looked for by its marks, variables of its environment, and written down
# again.
use strict;

my ($record, $id_file, $namespace, @marks) = @ARGV;

sub slurp {
    open my $file, '<', $_[0] or return '';
    local $/;
    return <$file> // '';
}

sub identity {
    my ($device, $inode) = stat $_[0] or return '';
    return "$device:$inode";
}

# The fields of stat behind the name in brackets: state, ..., session (3), ..., time of start (19) (proc(5)).
sub fields {
    my ($rest) = slurp("/proc/$_[0]/stat") =~ /.*\) (.*)/s or return;
    return split ' ', $rest;
}

# The first of a session that carries the marks.
sub search {
    my (@marks) = @_;
    my $run = identity('/run');
    my ($pid, $born);
    opendir my $proc, '/proc' or die "/proc: $!\n";
    for my $other (grep { /^\d+$/ } readdir $proc) {
        my $environment = "\0" . slurp("/proc/$other/environ");
        next if grep { index($environment, "\0$_\0") < 0 } @marks;
        my @fields = fields($other) or next;
        next if $fields[0] =~ /[ZX]/ || $fields[3] != $other;
        # A container may run a lab of the same name; its processes see another /run.
        next if identity("/proc/$other/root/run") ne $run;
        # What it started may have begun a session of its own, later.
        ($pid, $born) = ($other, $fields[19]) if !defined $born || $fields[19] < $born;
    }
    return ($pid, $born);
}

exit 3 unless -e $record;
my ($pid, $born) = slurp($id_file) =~ /^(\d+)\n(\d+)\n/;
unless (defined $born) {
    ($pid, $born) = search(@marks);
    exit 3 unless defined $pid;
    open my $file, '>', $id_file or die "$id_file: $!\n";
    print $file "$pid\n$born\n";
}
my @fields = fields($pid);
# One that has ended but was not yet buried (a zombie) is gone.
exit 3 if !@fields || $fields[0] =~ /[ZX]/ || $fields[19] != $born || identity("/proc/$pid/ns/net") ne identity($namespace);
print slurp($record);
