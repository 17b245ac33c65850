# Ends a process that podnet started, with all of its session: politely (SIGTERM) first.
# Arguments: PIDFILE SECONDS. The file holds the process id and the time of the process's start: when another process has
# the id by now, there is nothing left to end. A session outlives the process that began it, under the same number.
use strict;

my ($pidfile, $grace) = @ARGV;
open(my $file, '<', $pidfile) or exit 0;
my ($pid, $born) = map { /^(\d+)$/ ? $1 : exit 0 } scalar <$file> // '', scalar <$file> // '';

# The fields of stat behind the name in brackets: state, ..., session (3), ..., time of start (19) (proc(5)).
sub fields {
    open(my $stat, '<', "/proc/$_[0]/stat") or return;
    local $/;
    my ($rest) = (<$stat> // '') =~ /.*\) (.*)/s or return;
    return split ' ', $rest;
}

sub session {
    my @first = fields($pid);
    return if @first && $first[19] != $born;
    return grep {
        my @fields = fields($_);
        @fields && $fields[0] !~ /[ZX]/ && ($fields[3] == $pid || $_ == $pid);
    } map { m{(\d+)$} } glob '/proc/[0-9]*';
}

kill 'TERM', session();
my $start = time;
while (my @left = session()) {
    kill 'KILL', @left if time > $start + $grace;
    if (time > $start + $grace + 10) {
        print STDERR "process @left does not end\n";
        exit 1;
    }
    select undef, undef, undef, 0.01;
}
