# Sends verify's packets: one process per host for all of its network namespaces. A socket stays in the namespace that it was
# made in, so the process steps into a namespace (setns(2)), makes a socket, and goes on to the next.
#
# Standard input tells what to do, a line each; standard output answers:
#   listen PLACE NETNS ADDRESS      opens TCP and UDP listeners ("-" is the host's own namespace)
#                                     listening PLACE TCP-PORT UDP-PORT | failed PLACE REASON
#   probe N PLACE HOW ADDRESS PORT SIZE LIMIT
#                                   keeps a question for later; HOW:
#                                     tcp, udp                  asks a listener who it is and whom it sees
#                                     df                        as udp, in one packet of SIZE bytes that may not be cut,
#                                                               whatever the sender has heard of the way before
#                                     open-tcp, -udp, -sctp     asks anybody's server only whether it is there
#                                     ask-tcp, -udp, -sctp      asks a stand-in server for /hostname and /clientip; over
#                                                               SCTP it answers one question only, and that is the first
#                                     health                    asks a node for a Service's health: the status, and how
#                                                               many local endpoints it has
#   run [MOST]                      asks all of it at once, or so much: result N OUTCOME [DETAIL], ..., done
#   remember                        notes which neighbours (arp(7)) each place knows
#   tidy                            forgets those that it has learnt since: tidied
# OUTCOME: answer PLACE SOURCE | served HOSTNAME [SOURCE] | health STATUS ENDPOINTS | open | elsewhere | refused | unreachable |
#          timeout | toolong | blocked | unmeasured REASON | impossible REASON (on any host like this)
#
# It ends with its standard input, so it never outlives the one that asked. Only modules of Debian's perl-base are used.
use strict;
use warnings;
use Errno qw(EAGAIN EINPROGRESS EINTR ECONNREFUSED EHOSTUNREACH ENETUNREACH EMSGSIZE ECONNRESET ETIMEDOUT EPERM EPROTONOSUPPORT);
use Fcntl qw(F_SETFL O_NONBLOCK);
use POSIX ();
use Socket;

my $TOKEN = shift @ARGV;    # of this run: nobody else's answer counts
my $WINDOW = 2000;          # questions that wait for their answer at once; those that fail take long, and cost nothing meanwhile
my $BURST = 64;             # questions asked before listeners get their turn
my $ATTEMPTS = 2;           # silence is believed at the second time
my ($IPPROTO_IP, $IP_MTU_DISCOVER, $IP_PMTUDISC_PROBE, $IP_RECVERR, $IP_FREEBIND) = (0, 10, 3, 11, 15);    # ip(7)
my $CLONE_NEWNET = 0x40000000;
my $HEADERS = 28;           # bytes of IPv4 and UDP

my %SETNS = (x86_64 => 308, i686 => 346, aarch64 => 268, riscv64 => 268, loongarch64 => 268, armv7l => 375, ppc64le => 350, s390x => 339);
my $machine = (POSIX::uname())[4];
my $setns = $SETNS{$machine};
my $ticks = POSIX::sysconf(POSIX::_SC_CLK_TCK());

my %places;                 # by name: { netns, known }
my %watched;                # by file descriptor: what to do when it is readable
my %asked;                  # by file descriptor: the question that waits there
my @queue;
my $here = '-';             # the namespace that this process is in
open(my $home, '<', '/proc/self/ns/net') or die "$!\n";
my ($reads, $writes) = ('', '');
my $input = '';

sub now { return (POSIX::times())[0] / $ticks }    # seconds of a clock that nobody sets

my $output = '';

sub say_line {
    $output .= join(' ', @_) . "\n";
    flush_output() if length $output > 8192;
}

sub flush_output {
    while (length $output) {
        my $n = syswrite STDOUT, $output;
        if (defined $n) { substr($output, 0, $n) = '' }
        elsif (!$!{EINTR}) { exit 1 }
    }
}

# ------------------------------------------------------------------------------------------------------- namespaces

sub enter {
    my ($netns) = @_;
    return if $here eq $netns;
    defined $setns or die "setns(2) is not known for $machine\n";
    my $there;
    if ($netns ne '-') { open($there, '<', "/run/netns/$netns") or die "no network namespace $netns: $!\n" }
    syscall($setns, fileno($there || $home), $CLONE_NEWNET) == 0 or die "cannot enter the network namespace $netns: $!\n";
    $here = $netns;
}

sub new_socket {
    my ($netns, $type, $protocol) = @_;
    enter($netns);
    socket(my $socket, PF_INET, $type, $protocol) or die "no socket: $!\n";
    fcntl($socket, F_SETFL, O_NONBLOCK) or die "$!\n";
    return $socket;
}

# -------------------------------------------------------------------------------------------------------- listeners

# A datagram is answered from the address that it was sent to only by a socket that is bound to it, so UDP has two sockets:
# for the place's own address (also where somebody took it away: IP_FREEBIND), and for localhost.
sub listen_at {
    my ($place, $netns, $address) = @_;
    $places{$place} = { netns => $netns };
    my ($tcp, @udp);
    eval {
        $tcp = bound($netns, SOCK_STREAM, INADDR_ANY, 0);
        listen($tcp, 4096) or die "cannot listen: $!\n";
        for (1 .. 20) {
            my $first = bound($netns, SOCK_DGRAM, inet_aton($address), 0);
            last if inet_aton($address) eq INADDR_LOOPBACK && (@udp = $first);
            my $second = eval { bound($netns, SOCK_DGRAM, INADDR_LOOPBACK, port_of($first)) } or next;
            last if @udp = ($first, $second);
        }
        @udp or die "no free UDP port\n";
    } or return say_line('failed', $place, reason());
    watch($tcp, sub { welcome($place, $tcp) });
    for my $socket (@udp) {
        watch($socket, sub { answer($place, $socket) });
    }
    say_line('listening', $place, port_of($tcp), port_of($udp[0]));
}

sub bound {
    my ($netns, $type, $address, $port) = @_;
    my $socket = new_socket($netns, $type, 0);
    setsockopt($socket, $IPPROTO_IP, $IP_FREEBIND, 1);
    bind($socket, sockaddr_in($port, $address)) or die "cannot bind: $!\n";
    return $socket;
}

sub port_of { return (sockaddr_in(getsockname $_[0]))[0] }

sub reason {
    my $text = $@;
    $text =~ s/\s+/ /g;
    $text =~ s/ $//;
    return $text;
}

sub watch {
    my ($socket, $work) = @_;
    $watched{fileno $socket} = [$socket, $work];
    vec($reads, fileno $socket, 1) = 1;
}

sub forget {
    my ($socket) = @_;
    my $fd = fileno $socket;
    vec($reads, $fd, 1) = 0;
    vec($writes, $fd, 1) = 0;
    delete $watched{$fd};
    delete $asked{$fd};
    close $socket;
}

# Says who it is and whom it sees, then waits for the other side to hang up: whoever closes first keeps a TIME_WAIT entry.
sub welcome {
    my ($place, $listener) = @_;
    while (my $peer = accept(my $socket, $listener)) {
        fcntl($socket, F_SETFL, O_NONBLOCK);
        syswrite $socket, sighting($place, $peer) . "\n";
        watch($socket, sub { forget($socket) if defined sysread($socket, my $more, 4096) || !$!{EAGAIN} });
    }
}

sub answer {
    my ($place, $socket) = @_;
    while (defined(my $peer = recv $socket, my $text, 65536, 0)) {
        my ($number) = $text =~ /^\Q$TOKEN\E (\d+) / or next;
        send $socket, sighting($place, $peer) . " $number\n", 0, $peer;
    }
}

sub sighting {
    my ($place, $peer) = @_;
    return join ' ', $TOKEN, $place, inet_ntoa((sockaddr_in($peer))[1]);
}

# -------------------------------------------------------------------------------------------------------- questions

my $IPPROTO_SCTP = 132;
my %TYPE = (tcp => [SOCK_STREAM, 0], udp => [SOCK_DGRAM, 0], df => [SOCK_DGRAM, 0], sctp => [SOCK_STREAM, $IPPROTO_SCTP]);

# What is asked of a server, by how it is reached.
my %QUESTIONS = (tcp => [qw(hostname clientip)], udp => [qw(hostname clientip)], sctp => ['hostname']);

sub ask {
    my ($question) = @_;
    $$question{left} = $ATTEMPTS unless defined $$question{left};
    $$question{left}--;
    my ($mode, $how) = $$question{how} =~ /^(?:(open|ask)-)?(\w+)$/;
    my $health = $how eq 'health';
    $how = 'tcp' if $health;
    my $open = defined $mode && $mode eq 'open';
    my ($type, $protocol) = @{ $TYPE{$how} };
    my $socket = eval { new_socket($places{ $$question{place} }{netns}, $type, $protocol) };
    return settle($question, $how eq 'sctp' && $!{EPROTONOSUPPORT} ? ('impossible', 'the kernel has no SCTP') : ('unmeasured', reason()))
        if !$socket;
    @$question{qw(socket open stream heard)} = ($socket, $open, $type == SOCK_STREAM, '');
    $$question{asks} = $health ? ['healthz'] : defined $mode && $mode eq 'ask' ? $QUESTIONS{$how} : undef;
    @$question{qw(health http)} = ($health, $how eq 'tcp');
    $$question{told} = [];
    $$question{until} = now() + $$question{limit};
    setsockopt($socket, $IPPROTO_IP, $IP_RECVERR, 1) if $how ne 'tcp';    # hear of every ICMP error; TCP does
    if ($$question{stream}) {
        setsockopt($socket, SOL_SOCKET, SO_LINGER, pack 'ii', 1, 0);    # close resets: no TIME_WAIT here either
    }
    else {
        setsockopt($socket, $IPPROTO_IP, $IP_MTU_DISCOVER, $IP_PMTUDISC_PROBE) if $how eq 'df';
    }
    my $connected = connect $socket, sockaddr_in($$question{port}, inet_aton($$question{address}));
    return settle($question, $open ? absence($question, failure()) : failure()) if !$connected && !$!{EINPROGRESS};
    if (!$$question{stream}) {
        my $text = $open ? "clientip\n" : $$question{asks} ? 'hostname' : "$TOKEN $$question{number} ";
        $text .= 'x' x ($$question{size} - $HEADERS - length $text) if $how eq 'df';
        defined send($socket, $text, 0) or return settle($question, failure());
    }
    $asked{fileno $socket} = $question;
    if ($$question{stream} && ($open || $$question{asks})) { vec($writes, fileno $socket, 1) = 1 }
    else { vec($reads, fileno $socket, 1) = 1 }
}

# What the kernel's last error means.
sub failure {
    return 'refused' if $!{ECONNREFUSED};
    return 'unreachable' if $!{EHOSTUNREACH} || $!{ENETUNREACH};
    return 'toolong' if $!{EMSGSIZE};
    return 'timeout' if $!{ETIMEDOUT};
    return 'blocked' if $!{EPERM};    # a rule of the sender's own (iptables OUTPUT)
    return ('unmeasured', "$!");
}

sub settle {
    my ($question, @outcome) = @_;
    forget($$question{socket}) if $$question{socket};
    say_line('result', $$question{number}, @outcome);
}

sub heard {
    my ($question) = @_;
    my $socket = $$question{socket};
    if ($$question{stream} && $$question{open}) {
        local $! = unpack 'i', getsockopt($socket, SOL_SOCKET, SO_ERROR);
        return settle($question, $! ? absence($question, failure()) : 'open');
    }
    return request($question) if $$question{stream} && $$question{asks} && vec($writes, fileno $socket, 1);
    my $n = sysread $socket, my $text, 65536;
    if (!defined $n) {
        return if $!{EAGAIN} || $!{EINTR};
        return settle($question, $$question{open} ? absence($question, failure()) : failure());
    }
    return settle($question, 'open') if $$question{open};
    $$question{heard} .= $text;
    return told($question, $n) if $$question{asks};
    if ($$question{heard} =~ /^\Q$TOKEN\E (\S+) (\S+)(?: (\d+))?\n/) {
        return if defined $3 && $3 != $$question{number};
        return settle($question, 'answer', $1, $2);
    }
    settle($question, 'unmeasured', 'an answer that is not of verify') if $n == 0 || !$$question{stream};
}

# The connection is there, or is refused.
sub request {
    my ($question) = @_;
    my $socket = $$question{socket};
    local $! = unpack 'i', getsockopt($socket, SOL_SOCKET, SO_ERROR);
    return settle($question, failure()) if $!;
    vec($writes, fileno $socket, 1) = 0;
    vec($reads, fileno $socket, 1) = 1;
    my @asks = @{ $$question{asks} };
    syswrite $socket, $$question{http} ? join '', map { "GET /$_ HTTP/1.1\r\nHost: verify\r\n\r\n" } @asks : "$asks[0]\n";
}

# Answers come one after the other: by the same connection, or for UDP, where one question waits for the other, by the same
# flow.
sub told {
    my ($question, $n) = @_;
    my ($told, $asks) = @$question{qw(told asks)};
    if ($$question{http}) {
        while ($$question{heard} =~ /^HTTP.*?\r\n\r\n/s) {
            my $head = $&;
            my ($length) = $head =~ /^content-length: *(\d+)/im or last;
            last if length $$question{heard} < length($head) + $length;
            ($$question{status}) = $head =~ m{^HTTP/\S+ (\d+)};
            push @$told, substr $$question{heard}, length $head, $length;
            substr($$question{heard}, 0, length($head) + $length) = '';
        }
    }
    elsif ($n > 0) {
        push @$told, $$question{heard};
        $$question{heard} = '';
        send $$question{socket}, $$asks[@$told], 0 if @$told < @$asks;
    }
    return give($question, map { s/\s+$//r } @$told) if @$told == @$asks;
    settle($question, 'unmeasured', 'a server that does not say who it is') if $$question{stream} && $n == 0;
}

sub give {
    my ($question, $first, @rest) = @_;
    return settle($question, 'served', $first, map { s/:\d+$//r } @rest) if !$$question{health};
    my ($endpoints) = $first =~ /"localEndpoints": *(\d+)/ or return settle($question, 'unmeasured', 'an answer about no endpoints');
    settle($question, 'health', $$question{status}, $endpoints);
}

# A server that listens on other addresses of its place only is not expected on localhost.
sub absence {
    my ($question, $outcome) = @_;
    return $outcome if $outcome ne 'refused' || $$question{how} eq 'open-sctp';
    my ($name) = $$question{how} =~ /(\w+)$/;
    my ($port, $state) = (sprintf('%04X', $$question{port}), $$question{stream} ? '0A' : '07');    # LISTEN, unconnected
    enter($places{ $$question{place} }{netns});
    my (@here, @elsewhere);
    for my $file ($name, "${name}6") {
        open(my $table, '<', "/proc/thread-self/net/$file") or next;
        for (<$table>) {
            my ($local, $is) = (split)[1, 3];
            next unless $is eq $state && $local =~ s/:$port$//;
            push @{ $local =~ /^(?:0{8}|[0-9A-F]{6}7F)$/ ? \@here : \@elsewhere }, $local;
        }
    }
    return @elsewhere && !@here ? 'elsewhere' : $outcome;
}

sub check_clock {
    my $now = now();
    for my $question (grep { $$_{until} <= $now } values %asked) {
        # A server that takes a datagram without a word is there: where none is, the kernel says so at once.
        if ($$question{open} && !$$question{stream}) { settle($question, 'open', 'silent') }
        elsif ($$question{left} > 0) {
            forget($$question{socket});
            ask($question);
        }
        else { settle($question, 'timeout') }
    }
}

# ------------------------------------------------------------------------------------------------------- neighbours

# rtnetlink(7): nlmsghdr is length, type, flags, sequence, port; ndmsg is family, 3 bytes, interface, state, flags, type.
my ($RTM_NEWNEIGH, $RTM_DELNEIGH, $RTM_GETNEIGH, $NLMSG_DONE, $NLMSG_ERROR, $NDA_DST) = (28, 29, 30, 3, 2, 1);
my ($F_REQUEST, $F_DUMP) = (1, 0x300);
my $NUD_LASTING = 0xc0;     # NUD_NOARP, NUD_PERMANENT

sub netlink {
    my ($netns) = @_;
    enter($netns);
    socket(my $socket, 16, SOCK_RAW, 0) or die "no netlink: $!\n";
    return $socket;
}

sub neighbours {
    my ($netlink) = @_;
    my @found;
    send $netlink, pack('L S S L L C x3 l S C C', 28, $RTM_GETNEIGH, $F_REQUEST | $F_DUMP, 1, 0, AF_INET, 0, 0, 0, 0), 0;
    while (1) {
        defined recv($netlink, my $part, 65536, 0) or return @found;
        while (length $part >= 16) {
            my ($length, $type) = unpack 'L S', $part;
            return @found if $type == $NLMSG_DONE || $type == $NLMSG_ERROR || $length < 16;
            my $message = substr $part, 0, $length;
            push @found, neighbour($message) if $type == $RTM_NEWNEIGH;
            $part = substr $part, ($length + 3 & ~3) < length $part ? ($length + 3 & ~3) : length $part;
        }
    }
}

sub neighbour {
    my ($message) = @_;
    my ($interface, $state) = unpack 'x20 l S', $message;
    my $rest = substr $message, 28;
    while (length $rest >= 8) {
        my ($length, $type) = unpack 'S S', $rest;
        return "$interface " . inet_ntoa(substr $rest, 4, 4) if $type == $NDA_DST && !($state & $NUD_LASTING);
        last if $length < 4 || $length + 3 >= length $rest;
        $rest = substr $rest, $length + 3 & ~3;
    }
    return ();
}

sub remember {
    for my $place (values %places) {
        $$place{known} = eval { +{ map { $_ => 1 } neighbours(netlink($$place{netns})) } };
    }
}

sub tidy {
    for my $place (values %places) {
        my $known = $$place{known} or next;
        my $netlink = eval { netlink($$place{netns}) } or next;
        for my $entry (grep { !$$known{$_} } neighbours($netlink)) {
            my ($interface, $address) = split / /, $entry;
            my $body = pack('C x3 l S C C', AF_INET, $interface, 0, 0, 0) . pack('S S a4', 8, $NDA_DST, inet_aton($address));
            send $netlink, pack('L S S L L', 16 + length $body, $RTM_DELNEIGH, $F_REQUEST, 1, 0) . $body, 0;
        }
    }
    say_line('tidied');
}

# ------------------------------------------------------------------------------------------------------- the one loop

sub obey {
    my ($verb, @words) = split / /, $_[0];
    if ($verb eq 'listen') { listen_at(@words) }
    elsif ($verb eq 'probe') {
        my %question;
        @question{qw(number place how address port size limit)} = @words;
        push @queue, \%question;
    }
    elsif ($verb eq 'run') { run(@words) }
    elsif ($verb eq 'remember') { remember() }
    elsif ($verb eq 'tidy') { tidy() }
    else { die "podnet verify: unknown: $_[0]\n" }
}

my $obeying = 0;

sub hear_input {
    my $n = sysread STDIN, $input, 65536, length $input;
    exit 0 if defined $n && $n == 0;
    exit 1 if !defined $n && !$!{EINTR} && !$!{EAGAIN};
    return if $obeying;     # What comes while questions run waits for its turn.
    $obeying = 1;
    while ($input =~ s/^(.*)\n//) { obey($1) }
    $obeying = 0;
}

sub turn {
    my ($seconds) = @_;
    flush_output();
    my $found = select my $readable = $reads, my $writable = $writes, undef, $seconds;
    return if $found <= 0;
    for my $bits (unpack('b*', $readable), unpack('b*', $writable)) {
        for (my $fd = index $bits, '1'; $fd >= 0; $fd = index $bits, '1', $fd + 1) {
            if (my $question = $asked{$fd}) { heard($question) }
            elsif (my $work = $watched{$fd}) { $$work[1]->() }
        }
    }
}

sub run {
    my $window = $_[0] || $WINDOW;
    my $room = POSIX::sysconf(POSIX::_SC_OPEN_MAX()) - keys(%watched) - 50;
    $window = int($room / 2) if $room / 2 < $window;    # each question holds two descriptors: its own and the listener's
    my $clock = now();
    while (@queue || %asked) {
        for (1 .. $BURST) {
            last if !@queue || keys %asked >= $window;
            ask(shift @queue);
        }
        turn(@queue && keys %asked < $window ? 0 : 0.02);
        if (now() - $clock >= 0.02) {
            check_clock();
            $clock = now();
        }
    }
    say_line('done');
}

$0 = 'podnet verify';         # in the list of processes, instead of all this text
binmode STDOUT;
watch(\*STDIN, \&hear_input);
say_line("\nready $TOKEN");    # on a line of its own, whatever a login shell has said before
turn(undef) while 1;
