/** Real packets between the namespaces of a lab. Perl, because every Debian has it. */
import type { Lab } from "./lab";
import type { Running } from "./machine";

const getScript = String.raw`
  use IO::Socket::INET;
  my ($ip, $port, $path) = @ARGV;
  my $socket = IO::Socket::INET->new(PeerAddr => $ip, PeerPort => $port, Timeout => 5) or die "$ip:$port: $@\n";
  print $socket "GET $path HTTP/1.0\r\nHost: $ip\r\n\r\n";
  local $/; my ($head, $body) = split /\r\n\r\n/, <$socket>, 2;
  die $head unless $head =~ /^HTTP\S+ 200/;
  print $body;
`;

/** An HTTP request from a namespace: the body of the answer. */
export async function get(lab: Lab, from: string, ip: string, port: number, path: string): Promise<string> {
  return (await lab.exec(from, "perl", "-e", getScript, ip, `${port}`, path)).trim();
}

/** Whose address the server saw, without the port. */
export async function clientIp(lab: Lab, from: string, ip: string, port = 8080): Promise<string> {
  return (await get(lab, from, ip, port, "/clientip")).replace(/:\d+$/, "");
}

export interface Lost {
  /** Sent, but never answered. */
  readonly lost: number;
  readonly sent: number;
}

/** A ping every 10 ms, until it is stopped. */
export async function startPing(lab: Lab, from: string, ip: string): Promise<{ stop(): Promise<Lost> }> {
  const running = await lab.machine.start(lab.inside(from, "ping", "-i", "0.01", "-W", "5", ip));
  await until(running, /icmp_seq=1 /);
  return {
    async stop() {
      const text = await running.stop("INT");
      const [, sent = "0"] = /(\d+) packets transmitted/.exec(text) ?? [];
      const answered = new Set([...text.matchAll(/icmp_seq=(\d+) ttl/g)].map(([, seq]) => seq)).size;
      // The last one may have been under way when it was stopped.
      const lost = Number(sent) - answered;
      return { sent: Number(sent), lost: text.includes(`icmp_seq=${sent} ttl`) ? lost : Math.max(0, lost - 1) };
    },
  };
}

const echoScript = String.raw`
  use IO::Socket::INET;
  my $server = IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => $ARGV[0], Listen => 5, ReuseAddr => 1) or die $!;
  $| = 1; print "listening\n";
  my $socket = $server->accept; $socket->autoflush(1);
  print $socket $_ while <$socket>;
`;

/** Sends numbered lines over one connection and expects each back, in order, within two seconds. */
const streamScript = String.raw`
  use IO::Socket::INET;
  my $socket = IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1], Timeout => 5) or die "connect: $@\n";
  $socket->autoflush(1); $| = 1;
  my ($n, $slowest, $go) = (0, 0, 1);
  $SIG{INT} = sub { $go = 0 };
  print "connected\n";
  while ($go) {
    my $line = ++$n . "\n";
    my $start = time;
    print $socket $line or die "line $n: $!\n";
    local $SIG{ALRM} = sub { die "line $n: no answer for 5 seconds\n" };
    alarm 5;
    my $answer; do { $answer = <$socket> } until defined $answer || !$!{EINTR};
    alarm 0;
    die "line $n: came back as " . ($answer // "nothing") . "\n" unless defined $answer && $answer eq $line;
    select undef, undef, undef, 0.002;
  }
  print "done $n\n";
`;

export interface Stream {
  /** The last line's number; throws when the stream broke. */
  stop(): Promise<number>;
}

/** One TCP connection that is always busy, until it is stopped. */
export async function startStream(lab: Lab, from: string, to: string, ip: string, port = 9999): Promise<Stream> {
  const server = await lab.machine.start(lab.inside(to, "perl", "-e", echoScript, `${port}`));
  await until(server, /listening/);
  const client = await lab.machine.start(lab.inside(from, "perl", "-MErrno", "-e", streamScript, ip, `${port}`));
  await until(client, /connected/);
  return {
    async stop() {
      const text = await client.stop("INT");
      await server.stop("KILL");
      const [, lines] = /done (\d+)/.exec(text) ?? [];
      if (lines === undefined) throw new Error(`the stream broke: ${text}`);
      return Number(lines);
    },
  };
}

export async function until(running: Running, pattern: RegExp, limit = 10_000): Promise<void> {
  const end = Date.now() + limit;
  while (!pattern.test(running.output())) {
    if (Date.now() > end) throw new Error(`never said ${pattern}: ${running.output()}`);
    await new Promise((wake) => setTimeout(wake, 20));
  }
}
