# Small jobs that need no program: podnet's scripts, and what a few programs would do, with their words.

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
        # Each look at a path there takes longer the more namespaces there are.
        if (!sysopen my $file, "/proc/sys/$path", $option{'-w'} ? Fcntl::O_WRONLY() : Fcntl::O_RDONLY()) {
            if ($!{ENOENT} || $!{ENOTDIR}) { $fail->("cannot stat /proc/sys/$path: No such file or directory") }
            else { $fail->($option{'-w'} ? qq(permission denied on key "$name") : qq(reading key "$name": $!)) }
        }
        elsif ($option{'-w'}) {
            next if syswrite $file, "$value\n";
            $fail->($!{EACCES} || $!{EPERM} ? qq(permission denied on key "$name") : qq(setting key "$name": $!));
        }
        else { print $option{'-n'} ? $_ : "$name = $_" while <$file> }
    }
    exit $code;
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

# `ip netns del NAME`, with the words of ip-netns(8).
sub delete_netns {
    my ($name) = @_;
    my $path = "/run/netns/$name";
    syscall $umount2, $path, 2; # MNT_DETACH
    unlink $path or do { print STDERR qq(Cannot remove namespace file "$path": $!\n); exit 1 };
}

# `rm -f FILE...`, and with -d empty folders, too.
sub rm {
    my ($folders, @paths) = @_;
    my $code = 0;
    for my $path (@paths) {
        next if $folders && -d $path && !-l $path ? rmdir $path : unlink $path;
        next if $!{ENOENT} || $!{ENOTDIR};
        print STDERR "rm: cannot remove '$path': $!\n";
        $code = 1;
    }
    exit $code;
}

# What runs in this process instead of a program.
sub instead {
    my (@job) = @_;
    return sub { sysctl(@job[1 .. $#job]) } if $job[0] eq 'sysctl' && !grep { /^-/ && !/^-[nqw]$/ } @job;
    return sub { set_flags(@job[4, 5]) } if "@job" =~ /^ip link set dev \S{1,15} (?:up|down)$/;
    return sub { delete_netns($job[3]) } if "@job" =~ m{^ip netns del [^\s/]+$} && $umount2;
    return sub { rm($job[1] eq '-df', @job[2 .. $#job]) } if "@job[0, 1]" =~ /^rm -d?f$/;
    return;
}
