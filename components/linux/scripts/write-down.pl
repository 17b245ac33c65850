# Writes down one object of a lab, and whose the lab is if nothing says so yet. The record is on standard input.
# Arguments: RECORD OWNER [new]
# Exit code 3: the lab is another's, whose name is on standard error. 4: the record is not new, somebody has written it meanwhile.
use strict;

my ($path, $owner, $new) = @ARGV;
my $record = do { local $/; <STDIN> };
my ($folder) = $path =~ m{(.*)/};
my ($root) = $folder =~ m{(.*)/};
my $mark = "$root/owner";
my $draft = "$path.$$.new";

my $make_folder = sub {
    my $at = '';
    for (split m{/}, substr $folder, 1) {
        $at .= "/$_";
        mkdir $at, 0755 or $!{EEXIST} or return 0;
    }
    return 1;
};

my $put = sub {
    my ($file, $text) = @_;
    open my $out, '>', $file or return 0;
    print $out $text or return 0;
    return close $out;
};

my $is_ours = sub {
    open my $file, '<', $mark or return 0;
    chomp(my $whose = <$file>);
    return 1 if $whose eq $owner;
    print STDERR "$whose\n";
    unlink $draft;
    exit 3;
};

# Of two that come first, one has the mark.
my $claim = sub {
    my $claimed = $make_folder->() && $put->("$mark.$$.new", "$owner\n") && (link("$mark.$$.new", $mark) || $!{EEXIST});
    my $reason = $!;
    unlink "$mark.$$.new";
    $! = $reason;
    return $claimed;
};

my $write_record = sub {
    $put->($draft, $record) or return 0;
    return rename $draft, $path unless $new;
    my $written = link $draft, $path;
    my $reason = $!;
    unlink $draft;
    $! = $reason;
    exit 4 if !$written && $!{EEXIST};
    return $written;
};

# While the folder is made, or the mark, somebody may clear it behind another's last record.
for (1 .. 3) {
    next unless (-e $mark || $claim->()) && $is_ours->() && (-d $folder || $make_folder->()) && $write_record->();
    undef $new;
    exit 0 if $is_ours->();
}
print STDERR "$path: $!\n";
unlink $draft;
exit 1;
