# Commands of ip(8) that go together share one `ip -batch`: changes in one namespace, with looks between them, also those of several jobs.
# ip(8) is started in the namespace: by itself, as `ip -n`, it makes a mount namespace too, which takes longer the more namespaces
# have names.

# ip(8) in a namespace; without setns(2) it goes there by itself.
sub ip {
    my ($place, @words) = @_;
    program('ip', $place eq '' ? () : ('-n', $place), @words) if $place eq '' || !$setns;
    eval { enter($place); 1 } or do { print STDERR $@; exit 1 };
    program('ip', @words);
}

# A command of ip's in parts: the namespace (empty: the host's own), options, and what is left. Nothing, if it cannot be a line of a batch.
sub parts {
    my ($words, $input) = @{$_[0]}{qw(words input)};
    return if defined $input || $$words[0] ne 'ip' || grep { !m{^[\w.:/@+,=-]+$} } @$words;
    my @rest = @$words[1 .. $#$words];
    my $place = $rest[0] eq '-n' ? (splice @rest, 0, 2)[1] : '';
    my @options;
    push @options, shift @rest while @rest && $rest[0] =~ /^-/;
    return ($place, \@options, @rest);
}

# What may stand in one batch has the same key: its place and ip's options. A change says nothing when it succeeds. One that makes a
# namespace leaves ip there, so only its like may follow.
sub key_of_change {
    my ($place, $options, @rest) = parts($_[0]) or return undef;
    return undef if $_[0]{may_fail} || @$options || @rest < 2;
    return $place if "@rest[0, 1]" eq 'netns add';
    return $rest[0] =~ /^(link|addr|route|neigh)$/ && $rest[1] =~ /^(add|set|replace|change|del)$/ ? "$place -j -d" : undef;
}

# A look says one line, in JSON.
sub key_of_look {
    my ($place, $options, @rest) = parts($_[0]) or return undef;
    return @rest > 1 && $rest[1] eq 'show' && "@$options" =~ /^-j( -d)?$/ ? "$place @$options" : undef;
}

sub key_of { return key_of_change($_[0]) // key_of_look($_[0]) }

# Takes off a job what can go into one batch, and says its key; nothing when its next command is no line of a batch.
sub take_lines {
    my ($job) = @_;
    my $key = key_of($$job[0]) // return;
    my @lines;
    while (@$job && defined(my $its = key_of($$job[0]))) {
        last if $its ne $key;
        push @lines, shift @$job;
    }
    return ($key, @lines);
}

sub ip_batch {
    my ($options, @commands) = @_;
    my $place;
    my $lines = join '', map { ($place, undef, my @rest) = parts($_); "@rest\n" } @commands;
    return execute(sub { ip($place, @$options, '-batch', '-') }, $lines);
}

# Lines are pairs of a job's number and a command. Says of each that was tried, by `finish`, how it went. ip(8) stops at the first that
# fails, and says its line: then what is left of that job is not tried, and the others go on.
sub batch {
    my ($finish, $key, @lines) = @_;
    my (undef, @options) = split / /, $key;
    while (@lines) {
        my ($code, $out, $err) = ip_batch(\@options, map { $$_[1] } @lines);
        my $count = $code == 0 ? @lines : $err =~ s/^Command failed -:(\d+)\n//m ? $1 - 1 : 0;
        my @fine = splice @lines, 0, $count;
        my @answers = split /^/, $out;
        my $each_says_one = @answers == grep { defined key_of_look($$_[1]) } @fine;
        for (@fine) {
            my ($number, $command) = @$_;
            if (!defined key_of_look($command)) { $finish->($number, $command, 0, '', '') }
            else { $finish->($number, $command, $each_says_one ? (0, shift @answers, '') : run($command)) }
        }
        my $failed = shift @lines or return;
        $finish->(@$failed, $code, '', $err);
        @lines = grep { $$_[0] != $$failed[0] } @lines unless $$failed[1]{may_fail};
    }
}

# The results of looks in one namespace with the same options, as of each one alone. Nothing, if each does not say one line.
sub looks {
    my (@commands) = @_;
    my (undef, $options) = parts($commands[0]);
    my (undef, $out, $err) = ip_batch([@$options, '-force'], @commands);
    my %complaints = reverse $err =~ /(.*?)^Command failed -:(\d+)\n/gms;
    my @answers = split /^/, $out;
    # What fails may have begun its line: [[...
    return if @answers + keys %complaints != @commands || grep { !/^\[(?:\{|\s*\])/ } @answers;
    return map { exists $complaints{$_} ? [1, '', $complaints{$_}] : [0, shift @answers, ''] } 1 .. @commands;
}
