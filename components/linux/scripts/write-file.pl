# Writes a file in one step: whoever opens it finds the old content or the new. The content is on standard input.
# Arguments: MODE FILE UNFINISHED-FILE
use strict;
use Fcntl;

my ($mode, $path, $unfinished) = @ARGV;
die "cannot overwrite directory '$path'\n" if -d $path && !-l $path;
sysopen my $file, $unfinished, O_WRONLY | O_CREAT | O_TRUNC, 0600 or die "cannot create $unfinished: $!\n";
print $file do { local $/; <STDIN> // '' } or die "$unfinished: $!\n";
close $file or die "$unfinished: $!\n";
chmod oct $mode, $unfinished or die "$unfinished: $!\n";
rename $unfinished, $path or die "$path: $!\n";
