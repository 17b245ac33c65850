# What podnet runs at the far end of a channel: takes commands, runs them one after the other, and answers with what each left.
# One process that stays, because starting programs is what costs: small jobs in Perl run in this one or a fork of it, also in
# another network namespace (setns(2)).
# Before this file stand the others of its folder (agent.ts).
#
# Argument: a word that stands in front of the first answer; what comes before it is a login shell's banner.
# What is to be done is the line `KEEP-GOING COUNT...`, with the number of commands of each job, and for each command of all jobs the
# line `MAY-FAIL INLINE STDIN LENGTH...`, where INLINE is one of 0, fork, here and alone (argv.ts), STDIN is the length of its
# standard input (- for none), behind it stand those of its words, and then come all of these bytes, the words first. A word that
# comes often, as the text of a script, is sent once: `+LENGTH` is one to keep, and `=N` the Nth of those that were kept.
#
# The answer is for each command that ran the line `JOB CODE LENGTH LENGTH`, with the number of its job, from 0, and the lengths of
# standard output and standard error, which follow; and at last the line `end`.

my ($greeting) = @ARGV;
$SIG{PIPE} = 'IGNORE';
$SIG{CHLD} = 'DEFAULT';

sub say_bytes {
    my ($text) = @_;
    while (length $text) {
        my $written = syswrite STDOUT, $text;
        exit 1 unless defined $written;
        substr($text, 0, $written) = '';
    }
}

sub answer {
    my ($job, $code, $out, $err) = @_;
    say_bytes("$job $code " . length($out) . ' ' . length($err) . "\n$out$err");
}

sub bytes {
    my ($count) = @_;
    my $text = '';
    while (length $text < $count) {
        read(STDIN, $text, $count - length $text, length $text) or exit 0;
    }
    return $text;
}

sub line {
    my $line = <STDIN>;
    exit 0 unless defined $line;
    chomp $line;
    return split / /, $line;
}

my @kept;

sub word {
    my ($length) = @_;
    return $kept[$1] if $length =~ /^=(.*)/;
    my $word = bytes($length);
    push @kept, $word if $length =~ /^\+/;
    return $word;
}

sub command {
    my ($may_fail, $inline, $input, @lengths) = line();
    my @words = map { word($_) } @lengths;
    return { may_fail => $may_fail, inline => $inline, words => \@words, input => $input eq '-' ? undef : bytes($input) };
}

sub run {
    my ($inline, $words, $input) = @{$_[0]}{qw(inline words input)};
    my ($place, @job) = ('', @$words);
    if ("@job[0 .. 2]" eq 'ip netns exec' && $setns && $home) { $place = $job[3]; splice @job, 0, 4 }
    if ("@job[0 .. 1]" eq 'ip -n' && $setns && $home) { $place = $job[2]; splice @job, 1, 2 }
    my $work = $inline && $job[0] eq 'perl' ? script(@job) : instead(@job);
    return execute($job[0] eq 'ip' ? sub { ip($place, @job[1 .. $#job]) } : sub { program(@$words) }, $input) unless $work;
    my $inside = $place eq '' ? $work : sub { enter($place); $work->() };
    return execute($inside, $input) if $inline eq 'fork';
    my @result = here($inside, $input);
    $place eq '' or set_space($home) or exit 1;
    return @result;
}

# Jobs go side by side, a step each in turn, so that their commands of ip(8) can go together. A job ends behind its first command that
# fails.
sub run_all {
    my (@jobs) = @_;
    while (grep { @$_ } @jobs) {
        my %batches;
        for my $number (grep { @{ $jobs[$_] } } 0 .. $#jobs) {
            my $job = $jobs[$number];
            my ($key, @lines) = take_lines($job);
            if (@lines) { push @{ $batches{$key} }, map { [$number, $_] } @lines }
            else { finish($job, $number, $_, run($_)) for shift @$job }
        }
        for my $key (sort keys %batches) {
            my $finish = sub { finish($jobs[$_[0]], @_) };
            my ($first, @others) = @{ $batches{$key} };
            if (@others) { batch($finish, $key, $first, @others) }
            else { $finish->(@$first, run($$first[1])) }
        }
    }
}

sub finish {
    my ($job, $number, $command, @result) = @_;
    answer($number, @result);
    @$job = () if $result[0] != 0 && !$$command{may_fail};
}

# Each of these only asks, so those of ip(8) may go together.
sub ask_all {
    my (@jobs) = @_;
    my @questions = map { my $number = $_; map { [$number, $_] } @{ $jobs[$number] } } 0 .. $#jobs;
    my (@results, %groups);
    for (0 .. $#questions) {
        my $key = key_of_look($questions[$_][1]);
        push @{ $groups{$key} }, $_ if defined $key;
    }
    for my $group (values %groups) {
        my @numbers = @$group;
        @results[@numbers] = looks(map { $$_[1] } @questions[@numbers]) if @numbers > 1;
    }
    answer($questions[$_][0], @{ $results[$_] // [run($questions[$_][1])] }) for 0 .. $#questions;
}

say_bytes("$greeting\n");
while (1) {
    my ($keep_going, @counts) = line();
    1 while waitpid(-1, 1) > 0; # WNOHANG: what was started here and has ended.
    my @jobs = map { [map { command() } 1 .. $_] } @counts;
    $keep_going ? ask_all(@jobs) : run_all(@jobs);
    say_bytes("end\n");
}
