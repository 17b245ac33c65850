// Work that costs the same for one as for many: who comes while it is being done waits, and then goes with all the others that waited.
import { setTimeout } from "node:timers/promises";

interface Waiting<T, R> {
  readonly item: T;
  readonly done: (result: R | Promise<R>) => void;
  readonly failed: (error: unknown) => void;
}

export class Together<T, R> {
  private readonly waiting: Waiting<T, R>[] = [];
  private isBusy = false;

  /**
   * @param work gives a result for each item, in order, or a promise of it that has settled
   * @param pause how long to wait for more before each next time, in milliseconds
   */
  constructor(
    private readonly work: (items: readonly T[]) => Promise<readonly (R | Promise<R>)[]>,
    private readonly pause = 0,
  ) {}

  /** @returns when the work has been done for it, along with others or alone */
  add(item: T): Promise<R> {
    return new Promise((done, failed) => {
      this.waiting.push({ item, done, failed });
      if (!this.isBusy) void this.go();
    });
  }

  private async go(): Promise<void> {
    this.isBusy = true;
    // Those that come at the same moment.
    await new Promise(setImmediate);
    while (this.waiting.length > 0) {
      const group = this.waiting.splice(0);
      await this.work(group.map(({ item }) => item)).then(
        (results) => group.forEach(({ done }, i) => done(results[i] as R)),
        (error: unknown) => group.forEach(({ failed }) => failed(error)),
      );
      if (this.pause > 0) await setTimeout(this.pause);
    }
    this.isBusy = false;
  }
}
