# Finds processes of a lab that hold ports on which another one of the lab is to serve, and turns the arguments into those of
# process-end.pl, which follows.
# Arguments: SECONDS LAB FILES NUMBER-OF-WORDS FILE SPEC... PROTOCOL:PORT...
#   FILES      the files that hold the id and the time of start of processes of one network namespace (a pattern, as a shell's)
#   FILE SPEC  one of them, whose process is left alone if it was started with this specification, or does not say with which
use strict;
use File::Glob 'bsd_glob';

@ARGV = do {
    my ($grace, $lab, $files, $count, @ports) = @ARGV;
    my %specs = splice @ports, 0, $count;

    my $slurp = sub {
        open(my $file, '<', $_[0]) or return '';
        local $/;
        return <$file> // '';
    };

    # The fields of stat behind the name in brackets: state, ..., session (3), ..., time of start (19) (proc(5)).
    my $fields = sub {
        my ($rest) = $slurp->("/proc/$_[0]/stat") =~ /.*\) (.*)/s or return;
        return split ' ', $rest;
    };

    my %files;
    for my $file (bsd_glob($files)) {
        my ($pid, $born) = $slurp->($file) =~ /^(\d+)\n(\d+)\n/ or next;
        my @fields = $fields->($pid);
        next unless @fields && $fields[19] == $born;
        my ($spec) = $slurp->("/proc/$pid/environ") =~ /(?:^|\0)PODNET_SPEC=([^\0]*)/;
        my $stays = exists $specs{$file} && (!defined $spec || $spec eq $specs{$file});
        $files{$pid} = $stays ? undef : $file;
    }
    exit 0 unless %files;

    # Any of them says it for the namespace, unless it ends at this moment: then there is nothing to read.
    my $table = sub {
        my ($name) = @_;
        for my $pid (keys %files) {
            my $text = $slurp->("/proc/$pid/net/$name");
            return split /\n/, $text if $text ne '';
        }
        return;
    };

    # Of a socket that anybody may connect or send to: state 0A is LISTEN, 07 a UDP socket without a peer.
    my %inodes;
    for (@ports) {
        my ($protocol, $port) = split /:/;
        my $name = lc $protocol;
        if ($protocol eq 'SCTP') {
            $inodes{ (split)[8] } = 1 for grep { ((split)[5] // '') eq $port } $table->('sctp/eps');
            next;
        }
        my ($state, $hex) = ($protocol eq 'TCP' ? '0A' : '07', sprintf '%04X', $port);
        for my $line (map { $table->($_) } $name, "${name}6") {
            my @words = split ' ', $line;
            $inodes{ $words[9] } = 1 if @words > 9 && $words[1] =~ /:$hex$/ && $words[3] eq $state;
        }
    }
    exit 0 unless %inodes;

    my %holders;
    for my $pid (map { m{(\d+)$} } glob '/proc/[0-9]*') {
        my $leader = exists $files{$pid} ? $pid : ($fields->($pid))[3] // next;
        next unless $files{$leader};
        my $holds = grep { (readlink) =~ /^socket:\[(\d+)\]/ && $inodes{$1} } glob "/proc/$pid/fd/*";
        $holders{ $files{$leader} } = 1 if $holds;
    }
    exit 0 unless %holders;
    # No process is called so: all ids have a comma.
    ($grace, $lab, '-', '', scalar keys %holders, keys %holders);
};
