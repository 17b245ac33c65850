# Ends what a lab left running, wherever it went.
# Arguments: SECONDS LAB, and for each part of the lab that ends: NAME NAMESPACE NUMBER-OF-FILES FILE...
#   SECONDS    how long they may take to end when asked politely (SIGTERM); with 0 they are not asked
#   LAB NAME   ends all that carry these marks in their environment; an empty NAME stands for all, and one that ends in a comma
#              for all of a namespace
#   NAMESPACE  and all that are in this network namespace, unless it is the host's own; empty for none
#   FILE...    and the sessions of the processes whose id and time of start these files hold (patterns, as a shell's). When
#              another process has the id by now, there is nothing left to end. A session outlives the process that began
#              it, under the same number.
use strict;
use File::Glob 'bsd_glob';

my ($grace, $lab, @rest) = @ARGV;
my (%names, @namespaces, @files);
while (@rest) {
    my ($name, $namespace, $count) = splice @rest, 0, 3;
    $names{$name} = 1;
    push @namespaces, $namespace if $namespace ne '';
    push @files, splice @rest, 0, $count;
}

sub slurp {
    open(my $file, '<', $_[0]) or return '';
    local $/;
    return <$file> // '';
}

# The fields of stat behind the name in brackets: state, ..., session (3), ..., time of start (19) (proc(5)).
sub fields {
    my ($rest) = slurp("/proc/$_[0]/stat") =~ /.*\) (.*)/s or return;
    return split ' ', $rest;
}

sub identity {
    my ($device, $inode) = stat $_[0] or return '';
    return "$device:$inode";
}

my $host = identity('/proc/self/ns/net');
my %spaces = map { identity($_) => 1 } @namespaces;
delete @spaces{$host, ''};

# When namespaces go, who is in another that has a name goes with that one. With a thousand of them, this saves reading the
# environments of all but a few.
my %spared = (grep { !/,$/ } keys %names) ? () : map { identity($_) => 1 } bsd_glob('/run/netns/*');
delete @spared{keys %spaces, $host};

my $run = identity('/run');

# A container may run a lab of the same name; its processes see another /run.
sub is_marked {
    my $environment = "\0" . slurp("/proc/$_[0]/environ");
    my ($name) = $environment =~ /\0PODNET_PROCESS=([^\0]*)/ or return 0;
    my ($namespace) = $name =~ /^([^,]*,)/;
    return ($names{$name} || $names{''} || $names{ $namespace // '' }) && index($environment, "\0PODNET_LAB=$lab\0") >= 0
        && identity("/proc/$_[0]/root/run") eq $run;
}

my %sessions;
for my $file (map { bsd_glob($_) } @files) {
    my ($pid, $born) = slurp($file) =~ /^(\d+)\n(\d+)\n/ or next;
    my @first = fields($pid);
    next if @first && $first[19] != $born;
    $sessions{$pid} = 1 unless $spaces{ identity("/proc/$pid/ns/net") };
}

sub is_of_session {
    my @fields = fields($_[0]);
    return @fields && $fields[0] !~ /[ZX]/ && ($sessions{$fields[3]} || $sessions{$_[0]});
}

sub is_to_end {
    my ($pid) = @_;
    if (%spaces || %spared) {
        my $its = identity("/proc/$pid/ns/net");
        return 1 if $spaces{$its};
        return 0 if $spared{$its};
    }
    return %sessions && is_of_session($pid) || is_marked($pid);
}

sub left {
    opendir(my $proc, '/proc') or die "/proc: $!\n";
    return grep { /^\d+$/ && $_ != $$ && is_to_end($_) } readdir $proc;
}

my ($start, $pause, %asked) = (time, 0.002);
while (my @left = left()) {
    my $asks = $grace > 0 && time <= $start + $grace;
    kill $asks ? ('TERM', grep { !$asked{$_}++ } @left) : ('KILL', @left);
    if (time > $start + $grace + 10) {
        print STDERR "process @left does not end\n";
        exit 1;
    }
    select undef, undef, undef, $pause;
    $pause *= 1.5 if $pause < 0.02;
}
