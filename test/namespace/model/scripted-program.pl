#!/usr/bin/perl
# A program that does what a simulated one does: its run N behaves as line N of NAME.runs says, the last line is for all that follow.
# A line is `field=value …` with the fields of src/sim/process-table.ts. Perl, because it starts in milliseconds and is on every Debian.
use strict;
use warnings;
use Socket;
use Time::HiRes qw(time sleep);

my $begin = time;
my ($directory, $name) = $0 =~ m{^(.*)/([^/]+)$};
open(my $runs, '<', "$directory/$name.runs") or exit 0;
my @lines = <$runs>;
close $runs;
open(my $counter, '>>', "$directory/$name.count") or die;
print $counter "x\n";
close $counter;
my $run = -1 + (-s "$directory/$name.count") / 2;
my %script = map { /^(\w+)=(.*)$/ ? ($1, $2) : () } split ' ', $lines[$run < @lines ? $run : -1] // '';
my $endAt;
my $endBy;

sub notify {
  my ($text) = @_;
  my $path = $ENV{NOTIFY_SOCKET} // return;
  $path =~ s/^@/\0/;
  socket(my $socket, AF_UNIX, SOCK_DGRAM, 0) or return;
  send($socket, $text, 0, pack_sockaddr_un($path));
  close $socket;
}

# Core Perl cannot send fds.
sub store {
  my ($name, $count) = @_;
  system '/usr/bin/python3', '-c', <<'END', $name, $count;
import array, os, socket, sys
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
    s.connect(os.environ['NOTIFY_SOCKET'])
    fds = [os.memfd_create(str(i)) for i in range(int(sys.argv[2]))]
    s.sendmsg([('FDSTORE=1\nFDNAME=' + sys.argv[1]).encode()], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))])
END
}

sub endBySignal {
  my ($signal) = @_;
  $SIG{$signal} = 'DEFAULT';
  kill $signal, $$;
  sleep 10;
}

if ($script{ignoresTerm}) {
  $SIG{TERM} = $SIG{HUP} = 'IGNORE';
} elsif (defined $script{termTakesUsec} || defined $script{termStatus} || defined $script{takesBack}) {
  $SIG{TERM} = sub { notify("FDSTOREREMOVE=1\nFDNAME=$script{takesBack}") if defined $script{takesBack}; $endAt //= time + ($script{termTakesUsec} // 0) / 1e6; $endBy = 'TERM'; };
}
# What waits at its sockets is taken, and let go.
for my $fd (3 .. 2 + ($ENV{LISTEN_FDS} // 0)) {
  next if $script{leavesSockets};
  open(my $listening, '+<&=', $fd) or next;
  accept(my $client, $listening);
  close $client;
}
my @todo;
push @todo, [$begin + $script{readyAfterUsec} / 1e6, 'ready'] if defined $script{readyAfterUsec};
push @todo, [$begin + $script{exitAfterUsec} / 1e6, 'exit'] if defined $script{exitAfterUsec};
if (defined $script{pingsEveryUsec}) {
  my $until = $script{pingsForUsec} // 60e6;
  for (my $at = $script{pingsEveryUsec}; $at <= $until; $at += $script{pingsEveryUsec}) { push @todo, [$begin + $at / 1e6, 'ping']; }
}
@todo = sort { $a->[0] <=> $b->[0] } @todo;
while (1) {
  my $now = time;
  if (defined $endAt && $now >= $endAt) {
    exit $script{termStatus} if defined $script{termStatus};
    endBySignal($endBy);
  }
  if (@todo && $now >= $todo[0][0]) {
    my $what = (shift @todo)->[1];
    store($script{storesName}, $script{storesCount}) if $what eq 'ready' && defined $script{storesName};
    notify('READY=1') if $what eq 'ready';
    notify('WATCHDOG=1') if $what eq 'ping';
    if ($what eq 'exit') {
      if ($script{leavesChild}) {
        my $child = fork;
        if (!$child) { $SIG{TERM} = 'DEFAULT'; sleep 1000; exit 0; }
      }
      endBySignal($script{exitSignal}) if defined $script{exitSignal};
      exit($script{exitStatus} // 0);
    }
    next;
  }
  my $wait = 5;
  $wait = $todo[0][0] - $now if @todo && $todo[0][0] - $now < $wait;
  $wait = $endAt - $now if defined $endAt && $endAt - $now < $wait;
  sleep($wait > 0 ? $wait : 0);
}
