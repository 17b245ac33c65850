// What a person can do about a connection that does not come about, by what the network, ssh2 or the far end said.
import { seconds } from "./limits";

type Advice = readonly [said: RegExp, advice: string];

const network: readonly Advice[] = [
  [/ECONNREFUSED/, "nothing listens there; start the machine's SSH server, or correct the host's address and port"],
  [/ENOTFOUND|EAI_AGAIN/, "the name cannot be resolved; correct the host's address"],
  [/EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/, "no way leads there; is the machine up, and is this machine in its network?"],
  [
    /Connection lost before handshake/,
    "what listens there hung up at once; is it an SSH server, and does it take more connections?",
  ],
  [
    /Expected identification|Invalid identification|Protocol/i,
    "what listens there does not speak SSH; correct the host's address and port",
  ],
  [
    /no matching (key exchange|.*cipher|.*MAC|.*compression)/i,
    "its SSH server only offers methods that are given up as weak; update it",
  ],
  [
    /Too many authentication failures/,
    "the agent offers more keys than the server hears out; name the right one with privateKeyPath",
  ],
  [/agent/i, "the ssh-agent does not answer; is the one that SSH_AUTH_SOCK names still running? Or set privateKeyPath"],
];

const withAdvice = (table: readonly Advice[], said: string): string => {
  const advice = table.find(([pattern]) => pattern.test(said))?.[1];
  return advice === undefined ? said : `${said}: ${advice}`;
};

/** How far it came when the time was up. */
const silent = {
  dial: "no answer; is the machine up, and does a firewall let SSH through?",
  handshake: "it takes the connection, but says nothing; is an SSH server on that port?",
  login: "it does not finish the login; is the machine overloaded, or does its login wait for something (DNS, PAM)?",
};

export function loginAdvice(said: string, stage: keyof typeof silent, limit: number): string {
  if (/^Timed out while waiting/.test(said)) return `gave up after ${seconds(limit)}: ${silent[stage]}`;
  return withAdvice(network, said);
}

const noSudo = "podnet works as root; log in as root, or let the user become root without a password";

/** What the far end says when it lets us in but gives us no root shell. */
const shells: readonly Advice[] = [
  [/sudo: .*(password|terminal|tty)/, `${noSudo} (in /etc/sudoers.d: <user> ALL=(ALL) NOPASSWD: ALL)`],
  [/not in the sudoers|not allowed to (run|execute)/, `${noSudo} (in /etc/sudoers.d: <user> ALL=(ALL) NOPASSWD: ALL)`],
  [/sudo: (command )?not found|sudo.*: No such file/, `${noSudo} (apt-get install sudo)`],
  [
    /currently not available|nologin/i,
    "the user's login shell lets nobody in; give it another one there (chsh -s /bin/sh <user>), or log in as another user",
  ],
  [/sftp|internal-sftp/i, "the server only serves files to this user; log in as another user"],
  [/perl: (not found|.*No such file)|exec: perl/, "podnet needs Perl there: apt-get install perl-base"],
  [/open failed/, "the server opens no session; raise MaxSessions in its sshd_config"],
  [/no answer for/, "the user's login shell waits for something; look at its start-up files there"],
];

export const shellAdvice = (said: string): string => withAdvice(shells, said);
