# Commands of ip(8) that go together share one `ip -batch`: neighbouring changes in one namespace, with a look behind them, and looks in
# one namespace that come at the same time. ip(8) is started in the namespace: by itself, as `ip -n`, it makes a mount namespace
# too, which takes longer the more namespaces have names.

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

# The namespace of a change that says nothing when it succeeds.
sub place_of_change {
    my ($place, $options, @rest) = parts($_[0]) or return undef;
    return undef if $_[0]{may_fail} || @$options || @rest < 2;
    return $rest[0] =~ /^(link|addr|route|neigh)$/ && $rest[1] =~ /^(add|set|replace|change|del)$/ ? $place : undef;
}

# That of a look, which may come last: then all that is said is its answer.
sub place_of_look {
    my ($place, $options, @rest) = parts($_[0]) or return undef;
    return @rest > 1 && $rest[1] eq 'show' && "@$options" =~ /^-j( -d)?$/ ? $place : undef;
}

# Returns the results of those that were tried: ip stops at the first that fails, and says its line.
sub batch {
    my ($place, @commands) = @_;
    my ($options, @lines);
    for (@commands) { (undef, $options, my @rest) = parts($_); push @lines, "@rest\n" }
    my ($code, $out, $err) = execute(sub { ip($place, @$options, '-batch', '-') }, join '', @lines);
    my @fine = (0, '', '');
    return ((map { [@fine] } 2 .. @commands), [0, $out, '']) if $code == 0;
    my $count = $err =~ s/^Command failed -:(\d+)\n//m ? $1 : 1;
    return ((map { [@fine] } 2 .. $count), [$code, $out, $err]);
}

# The results of looks in one namespace with the same options, as of each one alone: each that succeeds prints one line. Nothing, if it is
# not so.
sub looks {
    my (@commands) = @_;
    my ($place, $options, @lines);
    for (@commands) { ($place, $options, my @rest) = parts($_); push @lines, "@rest\n" }
    my (undef, $out, $err) = execute(sub { ip($place, @$options, '-force', '-batch', '-') }, join '', @lines);
    my %complaints = reverse $err =~ /(.*?)^Command failed -:(\d+)\n/gms;
    my @answers = split /^/, $out;
    return if @answers + keys %complaints != @commands;
    return map { exists $complaints{$_} ? [1, '', $complaints{$_}] : [0, shift @answers, ''] } 1 .. @commands;
}
