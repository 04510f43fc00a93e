/** How fast a run goes and how long it will take. */
export class Pace {
  readonly #total: number;
  readonly #begun = performance.now();
  #done = 0;

  /** @param total examples that are left, of all epochs. */
  constructor(total: number) {
    this.#total = total;
  }

  add(examples: number): { readonly perSecond: number; readonly secondsLeft: number } {
    this.#done += examples;
    const perSecond = (1000 * this.#done) / Math.max(1, performance.now() - this.#begun);
    return { perSecond, secondsLeft: (this.#total - this.#done) / perSecond };
  }
}
