# How a command is run: in a process of its own, or a small job in Perl in this one; and in which network namespace.
use strict;
use Errno ();
use Fcntl ();
use POSIX (); # These three once, for all small jobs.

# A job that runs in this very process ends it not.
our $here = 0;
BEGIN { *CORE::GLOBAL::exit = sub { $main::here ? die { code => $_[0] // 0 } : CORE::exit($_[0] // 0) } }

# Far from any variable of these files, which a script could see.
sub compile { return eval "$_[0]\n" }

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
    my ($status, $turns);
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
        # nft(8) writes a word at a time: whoever hears each one does nothing else.
        select undef, undef, undef, 0.002 if ++$turns > 16;
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

# These system calls have a number on each kind of machine (the kernel's asm/unistd.h); Perl has no name for them.
my $machine = do { open my $file, '<', '/proc/sys/kernel/arch'; $file && <$file> } || do { require Config; $Config::Config{archname} };
my %calls = (
    x86_64 => { setns => 308, umount2 => 166 }, aarch64 => { setns => 268, umount2 => 39 }, riscv64 => { setns => 268, umount2 => 39 },
    ppc64le => { setns => 350, umount2 => 52 }, s390x => { setns => 339, umount2 => 52 },
);
my ($setns, $umount2) = @{ $calls{ ($machine =~ /^(\w+)/)[0] } // {} }{qw(setns umount2)};

open my $home, '<', '/proc/self/ns/net';

sub set_space { return syscall($setns, fileno $_[0], 0x40000000) == 0 } # CLONE_NEWNET

# With the words of ip-netns(8).
sub enter {
    my ($name) = @_;
    open my $space, '<', "/run/netns/$name" or die qq(Cannot open network namespace "$name": $!\n);
    set_space($space) or die qq(setting the network namespace "$name" failed: $!\n);
}
