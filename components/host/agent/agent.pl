# What podnet runs at the far end of a channel: takes commands, runs them one after the other, and answers with what each left.
# One process that stays, because starting programs is what costs: small jobs in Perl run in this one or a fork of it, also in
# another network namespace (setns(2)).
# Before this file stand the others of its folder (agent.ts).
#
# Argument: a word that stands in front of the first answer; what comes before it is a login shell's banner.
# A job is the line `KEEP-GOING COUNT` and for each command the line `MAY-FAIL INLINE STDIN LENGTH...`, where INLINE is one of 0, fork
# and here, STDIN is the length of its standard input (- for none), behind it stand those of its words, and then come all of these
# bytes, the words first. A word that comes often, as the text of a script, is sent once: `+LENGTH` is one to keep, and `=N` the Nth
# of those that were kept. The answer is for each command that ran the line `CODE LENGTH LENGTH`, standard output and standard
# error, and at last the line `end`.

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
    my (@results) = @_;
    say_bytes("$$_[0] " . length($$_[1]) . ' ' . length($$_[2]) . "\n$$_[1]$$_[2]") for @results;
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

# Stops behind the first that fails.
sub run_all {
    my (@commands) = @_;
    while (@commands) {
        my $place = place_of_change($commands[0]);
        my @group = shift @commands;
        if (defined $place) {
            push @group, shift @commands while @commands && (place_of_change($commands[0]) // "\0") eq $place;
            push @group, shift @commands if @commands && (place_of_look($commands[0]) // "\0") eq $place;
        }
        my @results = @group > 1 ? batch($place, @group) : [run($group[0])];
        answer(@results);
        last if $results[-1][0] != 0 && !$group[$#results]{may_fail};
    }
}

# Each of these only asks, so those of ip(8) may go together.
sub ask_all {
    my (@commands) = @_;
    my (@results, %groups);
    for (0 .. $#commands) {
        my ($place, $options) = parts($commands[$_]);
        push @{ $groups{"$place @$options"} }, $_ if defined place_of_look($commands[$_]);
    }
    for my $group (values %groups) {
        my @numbers = @$group;
        @results[@numbers] = looks(@commands[@numbers]) if @numbers > 1;
    }
    answer($results[$_] // [run($commands[$_])]) for 0 .. $#commands;
}

say_bytes("$greeting\n");
while (1) {
    my ($keep_going, $count) = line();
    1 while waitpid(-1, 1) > 0; # WNOHANG: what was started here and has ended.
    my @commands = map { command() } 1 .. $count;
    $keep_going ? ask_all(@commands) : run_all(@commands);
    say_bytes("end\n");
}
