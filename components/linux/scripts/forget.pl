# Forgets what was written down of one object, and clears the lab's folder behind its last one.
# Arguments: SCRIPT-THAT-ENDS-PROCESSES LAB-FOLDER RECORD [FOLDER-OF-WHAT-LAY-INSIDE]
use strict;

my ($end_processes, $lab, $record, $inside) = @ARGV;
my $owned = "$lab/.owned";
my ($labs, $name) = $lab =~ m{(.*)/(.*)};

sub entries {
    opendir my $folder, $_[0] or return;
    return grep { !/^\.\.?$/ } readdir $folder;
}

sub remove_tree {
    my ($path) = @_;
    if (-d $path && !-l $path) {
        remove_tree("$path/$_") for entries($path);
        rmdir $path;
    }
    else { unlink $path }
}

sub put {
    open my $file, '>', $_[0] or return;
    print $file $_[1];
}

unlink $record, "$record.pid", "$record.log";
remove_tree($inside) if defined $inside;
rmdir $record =~ s{/[^/]*$}{}r;

# `ip netns add` mounts /run/netns on itself when it is first used (ip-netns(8)). Whoever caused that undoes it behind the
# last namespace; as long as there are others, another lab inherits the duty, and without one nobody has it any more.
my $mount = "$owned/host/NetnsMount";
if (-e $mount && !entries('/run/netns')) {
    system 'sh', '-c', 'umount -n /run/netns 2>/dev/null'; # without -n it leaves its own folder /run/mount behind
    rmdir '/run/netns';
    unlink $mount unless -d '/run/netns';
}
if (-e $mount && join(' ', entries("$owned/host")) eq 'NetnsMount' && !grep { /^netns-/ } entries($owned)) {
    my ($heir) = grep { $_ ne "$owned/host" && -d } map { "$labs/$_/.owned/host" } entries($labs);
    rename $mount, "$heir/NetnsMount" if defined $heir;
    unlink $mount;
}
if (rmdir "$owned/host" or !-d "$owned/host") {
    rmdir "$owned/$_" for grep { /^netns-/ } entries($owned); # Somebody was killed before the first record there.
}

# Behind the last record goes what still runs of the lab, and the mark that says whose it was.
if (-d $owned && !grep { -d "$owned/$_" } entries($owned)) {
    my $child = fork;
    if (!$child) {
        @ARGV = (2, $name, '', '', 0);
        eval $end_processes;
        exit 0;
    }
    waitpid $child, 0;
    my $owner = do { open my $file, '<', "$owned/owner"; $file && <$file> };
    unlink "$owned/owner";
    rmdir $owned or !defined $owner or put("$owned/owner", $owner); # Somebody came meanwhile.
}
rmdir $_ for $lab, $labs; # what somebody else put there stays
