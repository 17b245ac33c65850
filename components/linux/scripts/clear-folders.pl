# Removes the folders that were made for a file and are empty, with the notes that say so.
# Arguments: FOLDER NOTE of each, the innermost first
use strict;

while (my ($folder, $note) = splice @ARGV, 0, 2) {
    last unless -e $note && (!-d $folder || rmdir $folder);
    unlink $note;
}
