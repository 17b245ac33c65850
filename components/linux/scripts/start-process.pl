# Starts a process that goes on by itself: a session of its own (setsid(2)), no terminal, output to a file. Its id and the time of its
# start are written down before its program runs.
# Arguments: LOG-FILE ID-FILE PROGRAM WORD...
use strict;
use POSIX 'setsid';

my ($log, $id_file, @program) = @ARGV;
unlink $id_file;
my $child = fork // die "fork: $!\n";
exit 0 if $child;
setsid();
$0 = 'podnet starts a process'; # So that process-wait.pl knows that this is not yet the program.
open STDIN, '<', '/dev/null';
open STDOUT, '>', $log or die "$log: $!\n";
open STDERR, '>&', \*STDOUT;
my ($born) = do { open my $file, '<', "/proc/$$/stat"; <$file> =~ /.*\) (?:\S+ ){19}(\d+)/s }; # Field 22 (proc(5)).
open my $file, '>', $id_file or die "$id_file: $!\n";
print $file "$$\n$born\n" or die "$id_file: $!\n";
close $file or die "$id_file: $!\n";
exec { $program[0] } @program;
die "$program[0]: $!\n";
