# Interrupts the operation of podnet's that runs on this machine, once. Says what it struck; ends with 1 when the operation was over
# before that, and says for how many seconds there was something to strike.
use strict;
use warnings;
use Time::HiRes qw(time sleep);

# duration: seconds that the operation is expected to take; life: seconds from when the victim appears until it ends, 0 when unknown:
# then the operation's end is taken for its own; fraction: of its life; pick: a number that chooses among several victims;
# state: the folder of the state; port: where the host's sshd listens, if it does.
my ($what, $duration, $life, $fraction, $pick, $state, $port) = @ARGV;
my $begin = time;
my %all;

sub look {
    %all = ();
    for my $folder (glob '/proc/[0-9]*') {
        open(my $file, '<', "$folder/stat") or next;
        my ($pid, $name, $rest) = (<$file> // '') =~ /^(\d+) \((.*)\) (.*)/s or next;
        my ($status, $parent, undef, undef, undef, $foreground) = split ' ', $rest;
        next if $status eq 'Z';
        open($file, '<', "$folder/cmdline") or next;
        (my $words = <$file> // '') =~ tr/\0/ /;
        $all{$pid} = { pid => $pid, name => $name, parent => $parent, foreground => $foreground, words => $words };
    }
    return map { $all{$_} } sort { $a <=> $b } keys %all;
}

# Not the one that listens.
sub is_sshd { $_[0]{words} =~ m{^sshd(-session)?: (?!/)|^\S*/sshd -i } }
sub is_operation { $_[0]{words} =~ m{^\S*node \S*scripts/podnet\.mjs } }

my %is = (
    engine     => sub { $_[0]{name} eq 'pulumi' },
    provider   => sub { $_[0]{words} =~ m{/provider/pulumi-resource-podnet} },
    program    => \&is_operation,    # podnet's scripts run the program themselves
    sshd       => \&is_sshd,
    connection => \&is_sshd,
    shell      => sub { my $parent = $all{ $_[0]{parent} }; $parent && is_sshd($parent) && !is_sshd($_[0]) },
);
my $is = $is{$what} // \&is_operation;

sub below {
    my ($pid) = @_;
    return map { ($_->{pid}, below($_->{pid})) } grep { $_->{parent} == $pid } values %all;
}

sub remount { system('mount', '-n', '-o', "remount,$_[0]", $state) == 0 }

my %strike = (
    connection => sub { system "ss -tK state established '( dport = :$port )' >/dev/null" },
    everything => sub { kill 'KILL', $_[0]{pid}, below($_[0]{pid}) },
    # What a terminal does with Ctrl-C.
    'Ctrl-C'       => sub { kill 'INT', -$_[0]{foreground} },
    'Ctrl-C twice' => sub { kill 'INT', -$_[0]{foreground}; sleep($pick % 1000 / 1000); kill 'INT', -$_[0]{foreground} },
    # Size 0 would be any (tmpfs(5)).
    'full state' => sub { remount('size=' . ((split ' ', `df -k --output=used $state`)[1] || 4) . 'k') or die },
    # As long as a file is open for writing the kernel refuses.
    'read-only state' => sub { sleep 0.01 until remount('bind,ro') },
);

sleep 0.01 until grep { is_operation($_) } look() or time > $begin + 10;
my ($first, $last) = (0, 0);
while (1) {
    my @now = look();
    unless (grep { is_operation($_) } @now) {
        printf "%.2f\n", $last - $first;
        exit 1;
    }
    my @victims = grep { $is->($_) } @now;
    if (@victims) {
        $last = time;
        $first ||= $last;
        if ($last - $first >= $fraction * ($life || $begin + $duration - $first)) {
            my $victim = $victims[$pick % @victims];
            my $strike = $strike{$what} // sub { kill 'KILL', $_[0]{pid} };
            $strike->($victim);
            printf "%d %.60s, %.2f s after the beginning\n", $victim->{pid}, $victim->{words} =~ s/\s+/ /gr, time - $begin;
            exit 0;
        }
    }
    sleep 0.05; # To look takes time from what it looks at.
}
