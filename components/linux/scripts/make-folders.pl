# Makes the folders above a file that are missing, and notes each one before it is there.
# Arguments: FOLDER NOTE of each, the innermost first
use strict;

my @missing;
while (my ($folder, $note) = splice @ARGV, 0, 2) {
    last if -d $folder;
    unshift @missing, [$folder, $note];
}
for (@missing) {
    my ($folder, $note) = @$_;
    open my $file, '>', $note or die "$note: $!\n";
    print $file "$folder\n" or die "$note: $!\n";
    close $file or die "$note: $!\n";
    # Another may make the same one meanwhile.
    mkdir $folder, 0755 or -d $folder or die "mkdir: cannot create directory '$folder': $!\n";
}
