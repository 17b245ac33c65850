// What a person reads while something takes long. On standard error: standard output belongs to the command's result.
const heartbeatSeconds = 20;

export const say = (line: string): void => void process.stderr.write(`podnet: ${line}\n`);

/** Announces a step, says every now and then how far it is, and how long it took. @param status what there is to say meanwhile */
export async function step<T>(title: string, work: () => Promise<T>, status = () => "still at it"): Promise<T> {
  const start = Date.now();
  const elapsed = () => duration((Date.now() - start) / 1000);
  say(`${title} ...`);
  const heartbeat = setInterval(() => say(`  ${elapsed()}: ${status()}`), heartbeatSeconds * 1000);
  try {
    const result = await work();
    say(`  done in ${elapsed()}`);
    return result;
  } finally {
    clearInterval(heartbeat);
  }
}

export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
