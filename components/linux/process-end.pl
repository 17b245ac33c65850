# Ends a process that podnet started, with all of its process group: politely (SIGTERM) first.
# Arguments: PIDFILE MARK SECONDS. A process id without the mark in its environment belongs to somebody else by now.
use strict;

my ($pidfile, $mark, $grace) = @ARGV;
open(my $file, '<', $pidfile) or exit 0;
my ($pid) = <$file> =~ /^(\d+)$/ or exit 0;

sub ours {
    open(my $environ, '<', "/proc/$pid/environ") or return 0;
    local $/;
    return index("\0" . (<$environ> // ''), "\0$mark\0") >= 0;
}

exit 0 unless ours();
kill 'TERM', -$pid;
my $end = time + $grace;
while (ours()) {
    kill 'KILL', -$pid, $pid if time > $end;
    select undef, undef, undef, 0.01;
}
