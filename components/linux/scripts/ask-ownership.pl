# Says whose an object is.
# Arguments: RECORD OWNER-MARK RECORD-OF-A-NAMESPACE...
# Prints `inside` when all the namespaces are written down, else `outside`; the owner of the lab; and the record.
use strict;

sub slurp {
    open my $file, '<', $_[0] or return '';
    local $/;
    return <$file> // '';
}

my ($record, $mark, @namespaces) = @ARGV;
my ($owner) = slurp($mark) =~ /^(.*)/;
print +(grep { !-e } @namespaces) ? 'outside' : 'inside', "\n$owner\n", slurp($record);
