# What podnet runs at the far end of a channel: takes commands, runs them one after the other, and answers with what each left.
# One process that stays, because starting programs is what costs: small jobs in Perl run in this one or a fork of it, also in
# another network namespace (setns(2)), and neighbouring changes by ip(8) in one namespace, with a look behind them, share one `ip -batch`.
# ip(8) starts in its namespace already: by itself, as `ip -n`, it makes a mount namespace too, which takes longer the more namespaces have
# names.
#
# Argument: a word that stands in front of the first answer; what comes before it is a login shell's banner.
# A job is the line `KEEP-GOING COUNT` and for each command the line `MAY-FAIL INLINE STDIN LENGTH...`, where INLINE is one of 0, fork
# and here, STDIN is the length of its standard input (- for none), behind it stand those of its words, and then come all of these
# bytes, the words first. A word that comes often, as the text of a script, is sent once: `+LENGTH` is one to keep, and `=N` the Nth
# of those that were kept. The answer is for each command that ran the line `CODE LENGTH LENGTH`, standard output and standard
# error, and at last the line `end`.
use strict;
use Errno ();
use Fcntl ();
use POSIX (); # These three once, for all small jobs.

# A job that runs in this very process ends it not.
our $here = 0;
BEGIN { *CORE::GLOBAL::exit = sub { $main::here ? die { code => $_[0] // 0 } : CORE::exit($_[0] // 0) } }

# Far from any variable of this file, which a script could see.
sub compile { return eval "$_[0]\n" }

my ($greeting) = @ARGV;
$SIG{PIPE} = 'IGNORE';
$SIG{CHLD} = 'DEFAULT';

sub answer {
    my $text = join '', @_;
    while (length $text) {
        my $written = syswrite STDOUT, $text;
        exit 1 unless defined $written;
        substr($text, 0, $written) = '';
    }
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

# --- One command

# Runs something in a process of its own, and returns its exit code as a shell counts, and both its streams. It is waited for, and
# not for what it leaves running behind.
sub execute {
    my ($work, $input) = @_;
    pipe my $out, my $out_end or return (126, '', "pipe: $!\n");
    pipe my $err, my $err_end or return (126, '', "pipe: $!\n");
    my ($in, $in_end);
    if (defined $input) { pipe $in_end, $in or return (126, '', "pipe: $!\n") }
    my $child = fork;
    return (126, '', "fork: $!\n") unless defined $child;
    if ($child == 0) {
        $SIG{PIPE} = 'DEFAULT';
        if (defined $input) { open STDIN, '<&', $in_end } else { open STDIN, '<', '/dev/null' }
        open STDERR, '>&', $err_end;
        open STDOUT, '>&', $out_end;
        close $_ for grep { defined } $out, $err, $in, $out_end, $err_end, $in_end;
        exit 0 if eval { $work->(); 1 };
        print STDERR $@;
        exit 255; # Perl's own code would be the last error's number, which may mean anything.
    }
    close $_ for grep { defined } $out_end, $err_end, $in_end;
    my %text = (out => '', err => '');
    my %stream = (out => $out, err => $err);
    my $status;
    while (%stream) {
        my ($reads, $writes) = ('', '');
        vec($reads, fileno $_, 1) = 1 for values %stream;
        vec($writes, fileno $in, 1) = 1 if defined $in;
        # Who stays behind may keep the streams open, so the process itself is looked at too.
        my $ready = select $reads, $writes, undef, defined $status ? 0 : 0.02;
        if ($ready <= 0) {
            last if defined $status;
            $status = $? if waitpid($child, 1) == $child; # WNOHANG
            next;
        }
        for my $name (keys %stream) {
            next unless vec $reads, fileno $stream{$name}, 1;
            sysread($stream{$name}, $text{$name}, 65536, length $text{$name}) or delete $stream{$name};
        }
        if (defined $in && vec $writes, fileno $in, 1) {
            my $written = length $input ? syswrite $in, $input, 4096 : undef;
            if (defined $written) { substr($input, 0, $written) = '' }
            if (!defined $written || !length $input) { close $in; undef $in }
        }
    }
    unless (defined $status) { waitpid $child, 0; $status = $? }
    return ($status & 127 ? 128 + ($status & 127) : $status >> 8, $text{out}, $text{err});
}

sub program {
    my (@words) = @_;
    exec { $words[0] } @words;
    my $is_missing = $!{ENOENT};
    print STDERR "sh: $words[0]: ", $is_missing ? 'not found' : $!, "\n";
    exit($is_missing ? 127 : 126);
}

# --- Small jobs, which need no program

my %compiled;

# `perl -e CODE WORD...`. Compiled once. A named subroutine that uses a variable of the script knows that of the script's first run, so
# a script that has one runs in a fork.
sub script {
    my (undef, undef, $code, @words) = @_;
    my $job = $compiled{$code} ||= compile('package Job' . keys(%compiled) . "; sub main { \@ARGV = \@_; $code\n} \\&main")
        || do { my $reason = $@; sub { die $reason } };
    return sub { $job->(@words) };
}

# `sysctl [-n] NAME...` and `sysctl -q -w NAME=VALUE...`, with the words of procps.
sub sysctl {
    my (@words) = @_;
    my %option = map { $_ => 1 } grep { /^-/ } @words;
    my $code = 0;
    my $fail = sub { print STDERR 'sysctl: ', @_, "\n"; $code = 1 };
    for (grep { !/^-/ } @words) {
        my ($path, $value) = $option{'-w'} ? /^(.*?)=(.*)$/s : ($_);
        $path =~ tr{./}{/.} if $path =~ /^[^\/]*\./; # The first separator is the separator (sysctl(8)).
        (my $name = $path) =~ tr{/.}{./};
        my $file;
        if (!-e "/proc/sys/$path") { $fail->("cannot stat /proc/sys/$path: No such file or directory") }
        elsif ($option{'-w'}) {
            next if open($file, '>', "/proc/sys/$path") && syswrite($file, "$value\n");
            $fail->($!{EACCES} || $!{EPERM} ? qq(permission denied on key "$name") : qq(setting key "$name": $!));
        }
        elsif (open $file, '<', "/proc/sys/$path") {
            print $option{'-n'} ? $_ : "$name = $_" while <$file>;
        }
        else { $fail->(qq(reading key "$name": $!)) }
    }
    exit $code;
}

# setns(2) has a number on each kind of machine (the kernel's asm/unistd.h); Perl has no name for it.
my $machine = do { open my $file, '<', '/proc/sys/kernel/arch'; $file && <$file> } || do { require Config; $Config::Config{archname} };
my $setns = { x86_64 => 308, aarch64 => 268, riscv64 => 268, ppc64le => 350, s390x => 339 }->{ ($machine =~ /^(\w+)/)[0] };

open my $home, '<', '/proc/self/ns/net';

sub set_space { return syscall($setns, fileno $_[0], 0x40000000) == 0 } # CLONE_NEWNET

# With the words of ip-netns(8).
sub enter {
    my ($name) = @_;
    open my $space, '<', "/run/netns/$name" or die qq(Cannot open network namespace "$name": $!\n);
    set_space($space) or die qq(setting the network namespace "$name" failed: $!\n);
}

# `ip link set dev NAME up` and the like, with the words of ip(8), by netdevice(7).
sub set_flags {
    my ($name, $state) = @_;
    socket my $socket, 2, 2, 0 or die "socket: $!\n"; # AF_INET, SOCK_DGRAM
    my $request = pack 'a16 x24', $name; # struct ifreq
    ioctl $socket, 0x8913, $request or do { print STDERR qq(Cannot find device "$name"\n); exit 1 }; # SIOCGIFFLAGS
    my $flags = unpack 'x16 S', $request;
    substr $request, 16, 2, pack 'S', $state eq 'up' ? $flags | 1 : $flags & ~1; # IFF_UP
    ioctl $socket, 0x8914, $request or do { print STDERR "RTNETLINK answers: $!\n"; exit 1 }; # SIOCSIFFLAGS
}

# Runs a job in this process.
sub here {
    my ($work, $input) = @_;
    my ($out, $err) = ('', '');
    local (*STDERR, *STDIN, $_);
    open my $printed, '>', \$out;
    open STDERR, '>', \$err;
    open STDIN, '<', \($input // '');
    my $before = select $printed;
    local $here = 1;
    my $code = eval { $work->(); 1 } ? 0 : ref $@ ? ${$@}{code} : do { print STDERR $@; 255 };
    select $before;
    return ($code, $out, $err);
}

# ip(8) in a namespace; without setns(2) it goes there by itself.
sub ip {
    my ($place, @words) = @_;
    program('ip', $place eq '' ? () : ('-n', $place), @words) if $place eq '' || !$setns;
    eval { enter($place); 1 } or do { print STDERR $@; exit 1 };
    program('ip', @words);
}

# A command that needs no program, and whether it runs in this process or a fork of it.
sub small_job {
    my ($inline, @job) = @_;
    return (script(@job), $inline) if $inline && $job[0] eq 'perl';
    return (sub { sysctl(@job[1 .. $#job]) }, 'here') if $job[0] eq 'sysctl' && !grep { /^-/ && !/^-[nqw]$/ } @job;
    return (sub { set_flags(@job[4, 5]) }, 'here') if "@job" =~ /^ip link set dev \S{1,15} (?:up|down)$/;
    return;
}

sub run {
    my ($inline, $words, $input) = @{$_[0]}{qw(inline words input)};
    my ($place, @job) = ('', @$words);
    if ("@job[0 .. 2]" eq 'ip netns exec' && $setns && $home) { $place = $job[3]; splice @job, 0, 4 }
    if ("@job[0 .. 1]" eq 'ip -n' && $setns && $home) { $place = $job[2]; splice @job, 1, 2 }
    my ($work, $where) = small_job($inline, @job);
    return execute($job[0] eq 'ip' ? sub { ip($place, @job[1 .. $#job]) } : sub { program(@$words) }, $input) unless $work;
    my $inside = $place eq '' ? $work : sub { enter($place); $work->() };
    return execute($inside, $input) unless $where eq 'here';
    my @result = here($inside, $input);
    $place eq '' or set_space($home) or exit 1;
    return @result;
}

# --- Commands of ip(8) that go together

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

answer("$greeting\n");
while (1) {
    my ($keep_going, $count) = line();
    1 while waitpid(-1, 1) > 0; # WNOHANG: what was started here and has ended.
    my @commands = map { command() } 1 .. $count;
    while (@commands) {
        my $place = $keep_going ? undef : place_of_change($commands[0]);
        my @group = shift @commands;
        if (defined $place) {
            push @group, shift @commands while @commands && (place_of_change($commands[0]) // "\0") eq $place;
            push @group, shift @commands if @commands && (place_of_look($commands[0]) // "\0") eq $place;
        }
        my @results = @group > 1 ? batch($place, @group) : [run($group[0])];
        answer("$$_[0] " . length($$_[1]) . ' ' . length($$_[2]) . "\n$$_[1]$$_[2]") for @results;
        last if !$keep_going && $results[-1][0] != 0 && !$group[$#results]{may_fail};
    }
    answer("end\n");
}
