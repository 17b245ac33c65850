/** How long each wait may take, in milliseconds: nothing waits for a host without a limit. */
export interface Limits {
  /** From the first packet until we are logged in. */
  readonly login: number;
  /** Until a new shell answers: a login shell may read a long start-up file first. */
  readonly shell: number;
  /** For what is sent to a shell at once. A container may take half of it until it listens. */
  readonly command: number;
  /** Without a sign of life, while the connection is open. */
  readonly silence: number;
  /** Until a connection that we end is gone. */
  readonly close: number;
}

export const usualLimits: Limits = { login: 20_000, shell: 20_000, command: 60_000, silence: 30_000, close: 2_000 };

export const seconds = (milliseconds: number): string => `${milliseconds / 1000} s`;

/** Rejects with `late()` when a promise takes longer than it may. */
export async function noLongerThan<T>(limit: number, promise: Promise<T>, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const end = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(late()), limit)));
  try {
    return await Promise.race([promise, end]);
  } finally {
    clearTimeout(timer);
  }
}
