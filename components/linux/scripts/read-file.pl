# Reads a file.
# Argument: FILE. Prints its mode and its type, and of a plain file its content in hexadecimal; nothing when there is none.
use strict;
use Fcntl ':mode';

my ($path) = @ARGV;
my $mode = (lstat $path)[2];
if (!defined $mode) {
    exit 0 if $!{ENOENT} || $!{ENOTDIR};
    die "$path: $!\n";
}
my %types = (
    S_IFREG() => 'file', S_IFDIR() => 'directory', S_IFLNK() => 'symbolic link', S_IFIFO() => 'fifo',
    S_IFSOCK() => 'socket', S_IFBLK() => 'block special file', S_IFCHR() => 'character special file',
);
printf "%04o %s\n", S_IMODE($mode), $types{ S_IFMT($mode) };
if (S_ISREG($mode)) {
    open my $file, '<', $path or die "$path: $!\n";
    local $/;
    print unpack 'H*', <$file> // '';
}
