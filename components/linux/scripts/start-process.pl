# Starts a process that goes on by itself: a session of its own (setsid(2)), no terminal, output to a file, and no environment but what
# is given here. Its id and the time of its start are written down before its program runs.
# Arguments: LOG-FILE ID-FILE NUMBER-OF-VARIABLES NAME=VALUE... PROGRAM WORD...
use strict;
use POSIX ();

my ($log, $id_file, $count, @words) = @ARGV;
my @variables = splice @words, 0, $count;
unlink $id_file;

my $child = fork // die "fork: $!\n";
exit 0 if $child;

# Nothing may leave what follows: around it is whoever runs this script, also here.
eval {
    POSIX::setsid();
    $0 = 'podnet starts a process'; # So that process-wait.pl knows that this is not yet the program.
    open my $nothing, '<', '/dev/null' or die "/dev/null: $!\n";
    open my $output, '>', $log or die "$log: $!\n";
    POSIX::dup2(fileno($nothing), 0);
    POSIX::dup2(fileno($output), $_) for 1, 2;
    my ($born) = do { open my $file, '<', "/proc/$$/stat"; <$file> =~ /.*\) (?:\S+ ){19}(\d+)/s }; # Field 22 (proc(5)).
    open my $file, '>', $id_file or die "$id_file: $!\n";
    print $file "$$\n$born\n" or die "$id_file: $!\n";
    close $file or die "$id_file: $!\n";
    %ENV = map { /^(.*?)=(.*)$/s } @variables;
    $SIG{PIPE} = 'DEFAULT';
    exec { $words[0] } @words or die "$words[0]: $!\n";
};
POSIX::write(2, $@, length $@);
POSIX::_exit(127);
