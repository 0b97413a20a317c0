# The test guest's workload and its judge. A step: (1) overwrite a random 4 KiB block with bytes that follow from
# (block, step), fsync; (2) append a checksummed record of the step to the log, fsync; (3) only then acknowledge it.
# A disk as of one instant has a gapless log, no block older than its last record, and none newer than the log's end + 1.
# With two folders (two disks) a step does (1) and (2) on one of them, and only then on the other, taking turns in who is
# first. Two disks as of one instant end at the same step, or the one that was first in the next step is ahead by it.
use strict;
use Fcntl;
use IO::Handle;

my ($mode, @folders) = @ARGV;
my $block_count = 512;
my $record_size = 64;
$| = 1;

sub checksum { my $sum = 0; $sum = ($sum * 31 + $_) & 0xffffffff for unpack 'C*', $_[0]; return $sum }

sub block {
  my ($number, $step) = @_;
  my ($state, $bytes) = ($step * 2654435761 + $number, pack('a8NN', 'FLOEBLK1', $number, $step));
  while (length $bytes < 4096) { $state = ($state * 1103515245 + 12345) & 0x7fffffff; $bytes .= pack 'N', $state }
  return $bytes;
}

sub record {
  my ($step, $number) = @_;
  my $text = sprintf 'STEP %010d BLOCK %06d', $step, $number;
  return sprintf "%-54s %08x\n", $text, checksum($text);
}

# Which folder a step writes to first.
sub first_in { my ($step) = @_; return $step % @folders }

sub read_log {
  my ($folder) = @_;
  my ($end, %last, @errors) = (0);
  open my $log, '<:raw', "$folder/log" or return (0, {}, []);
  while (read($log, my $line, $record_size) == $record_size) {
    my ($text, $step, $number, $sum) = $line =~ /^(STEP (\d{10}) BLOCK (\d{6})) +([0-9a-f]{8})\n$/ or last;
    push @errors, "record $step has a wrong checksum" if checksum($text) != hex $sum;
    push @errors, "record $step follows record $end" if $step != $end + 1;
    ($end, $last{$number + 0}) = ($step + 0, $step + 0);
  }
  return ($end, \%last, \@errors);
}

sub errors_in {
  my ($folder, $end, $last) = @_;
  my @errors;
  open my $blocks, '<:raw', "$folder/blocks";
  for my $number (sort { $a <=> $b } keys %$last) {
    seek $blocks, $number * 4096, 0;
    read $blocks, my $bytes, 4096;
    my (undef, undef, $step) = unpack 'a8NN', $bytes;
    if ($bytes ne block($number, $step)) { push @errors, "block $number is torn" }
    elsif ($step < $last->{$number}) { push @errors, "block $number is stale: $step, the log says $last->{$number}" }
    elsif ($step > $end + 1) { push @errors, "block $number is from the future: $step, the log ends at $end" }
  }
  return @errors;
}

# What two disks say of each other.
sub errors_between {
  my ($first, $second) = @_;
  return () if $first == $second;
  my ($ahead, $behind, $leader) = $first > $second ? ($first, $second, 0) : ($second, $first, 1);
  return "disk $leader has step $ahead, the other ends at $behind" if $ahead > $behind + 1;
  return "disk $leader has step $ahead before the disk that writes it first" if first_in($ahead) != $leader;
  return ();
}

my @logs = map { [read_log($_)] } @folders;
my @ends = map { $_->[0] } @logs;
my ($end) = sort { $a <=> $b } @ends;

if ($mode eq 'verify') {
  my @errors = map { (@{ $logs[$_][2] }, errors_in($folders[$_], @{ $logs[$_] }[0, 1])) } 0 .. $#folders;
  push @errors, errors_between(@ends) if @folders == 2;
  printf "VERIFIED %s end=%d errors=%d %s\n", @errors ? 'BAD' : 'GOOD', $end, scalar @errors, join '; ', @errors[0 .. ($#errors > 4 ? 4 : $#errors)];
  exit(@errors ? 1 : 0);
}

my @disks = map {
  sysopen my $log, "$_/log", O_RDWR | O_CREAT or die "log: $!";
  truncate $log, $end * $record_size;
  sysseek $log, $end * $record_size, 0;
  sysopen my $blocks, "$_/blocks", O_RDWR | O_CREAT or die "blocks: $!";
  truncate $blocks, $block_count * 4096 if -s $blocks < $block_count * 4096;
  [$log, $blocks];
} @folders;

sub write_step {
  my ($disk, $step, $number) = @_;
  my ($log, $blocks) = @$disk;
  sysseek $blocks, $number * 4096, 0;
  syswrite($blocks, block($number, $step)) == 4096 or die "block: $!";
  $blocks->sync or die "block: $!";
  syswrite($log, record($step, $number)) == $record_size or die "record: $!";
  $log->sync or die "record: $!";
}

print "START $end\n";
for (my $random = $end * 7 + 1; ; ) {
  my $step = $end + 1;
  $random = ($random * 1103515245 + 12345) & 0x7fffffff;
  my $number = ($random >> 8) % $block_count;
  write_step($disks[($_ + first_in($step)) % @disks], $step, $number) for 0 .. $#disks;
  $end = $step;
  print "ACK $end\n";
}
