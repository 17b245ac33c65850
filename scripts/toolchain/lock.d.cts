/**
 * Does `work` while no other process on this machine does work under the same name.
 * @param onWait called once when another process holds the lock
 */
export function withLock<T>(name: string, work: () => Promise<T>, onWait?: () => void): Promise<T>;
