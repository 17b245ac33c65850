# Forgets what was written down of one object, and clears the lab's folder behind its last one.
# Arguments: SCRIPT-THAT-ENDS-PROCESSES LAB-FOLDER RECORD [FOLDER-OF-WHAT-LAY-INSIDE]
use strict;
use feature 'current_sub';
use POSIX ();

my ($end_processes, $lab, $record, $inside) = @ARGV;
my $owned = "$lab/.owned";
my ($labs, $name) = $lab =~ m{(.*)/(.*)};

my $entries = sub {
    opendir my $folder, $_[0] or return;
    return grep { !/^\.\.?$/ } readdir $folder;
};

# Whether there is anything in a folder, but for one. Not all of it is looked at: a lab may have thousands of records.
my $holds_other = sub {
    my ($folder, $but) = (@_, '.');
    opendir my $names, $folder or return 0;
    while (defined(my $name = readdir $names)) { return 1 unless $name =~ /^\.\.?$/ || $name eq $but }
    return 0;
};

my $remove_tree = sub {
    my ($path) = @_;
    if (-d $path && !-l $path) {
        __SUB__->("$path/$_") for $entries->($path);
        rmdir $path;
    }
    else { unlink $path }
};

my $put = sub {
    open my $file, '>', $_[0] or return;
    print $file $_[1];
};

unlink $record, "$record.pid", "$record.log";
$remove_tree->($inside) if defined $inside;
rmdir $record =~ s{/[^/]*$}{}r;

# `ip netns add` mounts /run/netns on itself when it is first used (ip-netns(8)). Whoever caused that undoes it behind the
# last namespace; as long as there are others, another lab inherits the duty, and without one nobody has it any more.
my $mount = "$owned/host/NetnsMount";
if (-e $mount && !$holds_other->('/run/netns')) {
    system 'sh', '-c', 'umount -n /run/netns </dev/null >/dev/null 2>&1'; # without -n it leaves its own folder /run/mount behind
    rmdir '/run/netns';
    unlink $mount unless -d '/run/netns';
}
if (-e $mount && !$holds_other->("$owned/host", 'NetnsMount') && !grep { /^netns-/ } $entries->($owned)) {
    my ($heir) = grep { $_ ne "$owned/host" && -d } map { "$labs/$_/.owned/host" } $entries->($labs);
    rename $mount, "$heir/NetnsMount" if defined $heir;
    unlink $mount;
}
if (rmdir "$owned/host" or !-d "$owned/host") {
    rmdir "$owned/$_" for grep { /^netns-/ } $entries->($owned); # Somebody was killed before the first record there.
}

# Behind the last record goes what still runs of the lab, and the mark that says whose it was.
if (!-d "$owned/host" && -d $owned && !grep { -d "$owned/$_" } $entries->($owned)) {
    my $child = fork;
    if (!$child) {
        @ARGV = (2, $name, '', '', 0);
        eval $end_processes;
        POSIX::_exit(0);
    }
    waitpid $child, 0;
    my $owner = do { open my $file, '<', "$owned/owner"; $file && <$file> };
    unlink "$owned/owner";
    rmdir $owned or !defined $owner or $put->("$owned/owner", $owner); # Somebody came meanwhile.
}
rmdir $_ for $lab, $labs; # what somebody else put there stays
