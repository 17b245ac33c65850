# Waits until a process that podnet started serves: its program runs, and it, or one of its session, holds a listening
# socket on every port. Runs inside the process's network namespace.
# Arguments: PIDFILE LOGFILE SECONDS SETTLING NUMBER-OF-MARKS MARK... PROTOCOL:PORT...
# SETTLING is how many seconds it has to go on when it serves.
# Exit code 1 when it ended, with the end of its log on standard error. A process that runs but never listens is a
# sentence on standard output.
use strict;

my ($pidfile, $log, $limit, $settling, $count) = splice @ARGV, 0, 5;
my @marks = splice @ARGV, 0, $count;
my @ports = @ARGV;
my ($pid, $born);

my $slurp = sub {
    open(my $file, '<', $_[0]) or return '';
    local $/;
    my $text = <$file>;
    return defined $text ? $text : '';
};

# The fields of stat behind the name in brackets: state, ..., session (3), ..., time of start (19) (proc(5)).
my $fields = sub {
    my ($rest) = $slurp->("/proc/$_[0]/stat") =~ /.*\) (.*)/s;
    return defined $rest ? split ' ', $rest : ();
};

my $alive = sub {
    my @fields = $fields->($pid);
    return @fields && $fields[0] !~ /[ZX]/ && $fields[19] == $born;
};

# Until its program runs it is start-process.pl, and then perhaps these two. Should its program be one of them too, the marks tell:
# only the program has them. Marks alone would not do, because a program may write over its environment.
my %launchers;
for my $path (map { my $folder = $_; map { "$folder/$_" } qw(ip env) } split /:/, $ENV{PATH}) {
    my ($device, $inode) = stat $path or next;
    $launchers{"$device:$inode"} = 1;
}

my $runs = sub {
    my $environment = "\0" . $slurp->("/proc/$pid/environ");
    return 1 unless grep { index($environment, "\0$_\0") < 0 } @marks;
    return 0 if $slurp->("/proc/$pid/cmdline") =~ /^podnet starts\b/;
    my ($device, $inode) = stat "/proc/$pid/exe" or return 0;
    return !$launchers{"$device:$inode"};
};

# The kernel is asked for these alone (sock_diag(7)): /proc/net/tcp takes milliseconds, for it goes through a table of the whole
# machine's connections. Undefined where the kernel cannot be asked.
my $asked = sub {
    my ($protocol, $port) = @_;
    my ($number, $state) = $protocol eq 'TCP' ? (6, 10) : (17, 7);    # TCP_LISTEN; TCP_CLOSE, as in the table below
    socket(my $kernel, 16, 3, 4) or return undef;                      # AF_NETLINK, SOCK_RAW, NETLINK_SOCK_DIAG
    my @inodes;
    for my $family (2, 10) {                                           # AF_INET, AF_INET6
        # struct nlmsghdr of type SOCK_DIAG_BY_FAMILY with NLM_F_REQUEST and NLM_F_DUMP, struct inet_diag_req_v2
        my $request = pack 'L S2 L2 C4 L n x46', 72, 20, 0x301, 0, 0, $family, $number, 0, 0, 1 << $state, $port;
        defined send $kernel, $request, 0 or return undef;
        my $more = 1;
        while ($more) {
            defined recv $kernel, my $answer, 65536, 0 or return undef;
            while (length $answer) {
                my ($length, $type) = unpack 'L S', $answer;
                return undef if $type == 2;                            # NLMSG_ERROR
                if ($type == 3) { $more = 0; last }                    # NLMSG_DONE
                push @inodes, unpack 'L', substr $answer, 84, 4;       # idiag_inode of struct inet_diag_msg
                substr($answer, 0, ($length + 3) & ~3) = '';
            }
        }
    }
    return \@inodes;
};

# The same out of proc(5): state 0A is LISTEN, 07 a UDP socket that anybody may send to.
my $listed = sub {
    my ($protocol, $port) = @_;
    my ($state, $hex) = ($protocol eq 'TCP' ? '0A' : '07', sprintf '%04X', $port);
    my $name = lc $protocol;
    my @lines = map { split /\n/, $slurp->("/proc/net/$_") } $name, "${name}6";
    return [map { $$_[9] } grep { @$_ > 9 && $$_[1] =~ /:$hex$/ && $$_[3] eq $state } map { [split] } @lines];
};

# Inodes of the sockets that listen on a port.
my $inodes = sub {
    my ($protocol, $port) = split /:/, $_[0];
    if ($protocol eq 'SCTP') {
        return map { (split)[8] } grep { ((split)[5] // '') eq $port } split /\n/, $slurp->('/proc/net/sctp/eps');
    }
    return @{ $asked->($protocol, $port) // $listed->($protocol, $port) };
};

# The other processes of its session.
my $session = sub {
    my @others = grep { $_ != $pid } map { m{(\d+)$} } glob '/proc/[0-9]*';
    return grep { (($fields->($_))[3] // -1) == $pid } @others;
};

my $holds = sub {
    my ($process, $inodes) = @_;
    return grep { my $link = readlink; defined $link && $link =~ /^socket:\[(\d+)\]/ && $$inodes{$1} } glob "/proc/$process/fd/*";
};

my $serves = sub {
    my %inodes = map { $_ => 1 } $inodes->($_[0]);
    return 0 unless %inodes;
    return $holds->($pid, \%inodes) || grep { $holds->($_, \%inodes) } $session->();
};

my $ended = sub {
    my $said = substr $slurp->($log), -2000;
    $said =~ s/\s+$//;
    print STDERR 'it ended at once', ($said eq '' ? ' without a word' : ": $said"), "\n";
    exit 1;
};

my ($pause, $end) = (0.002, time + $limit);
while (1) {
    ($pid, $born) = $slurp->($pidfile) =~ /^(\d+)\n(\d+)\n/;
    if (defined $pid && !$alive->()) { $ended->() }
    if (defined $pid && $runs->()) {
        my @silent = grep { !$serves->($_) } @ports;
        if (!@silent) {
            select undef, undef, undef, $settling if $settling > 0;
            $ended->() unless $alive->();
            exit 0;
        }
        if (time > $end) {
            print "it runs, but does not listen on @silent after $limit seconds\n";
            exit 0;
        }
    }
    elsif (time > $end) { $ended->() }
    select undef, undef, undef, $pause;
    $pause *= 1.5 if $pause < 0.1;
}
