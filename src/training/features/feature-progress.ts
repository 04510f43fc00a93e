/** How far an extraction is, how fast it goes and how long it will take. */

export interface FeatureProgress {
  /** Examples done, with those that were in the cache and those that could not be read. */
  readonly done: number;
  readonly total: number;
  /** Of `done`, those that were in the cache. */
  readonly cached: number;
  /** Examples a second that the network does; undefined until it is known. */
  readonly perSecond: number | undefined;
  readonly secondsLeft: number | undefined;
}

/** Speed is measured over this long: a slow first batch, in which TensorFlow warms up, is soon forgotten. */
const WINDOW_MS = 15_000;

export class ProgressMeter {
  readonly #total: number;
  /** Examples for which the network must still run. */
  #left: number;
  #done = 0;
  #cached = 0;
  #samples: { readonly time: number; readonly computed: number }[];

  /** @param toCompute how many of `total` are not in the cache. */
  constructor(total: number, toCompute: number, now = performance.now()) {
    this.#total = total;
    this.#left = toCompute;
    this.#samples = [{ time: now, computed: 0 }];
  }

  fromCache(examples: number): FeatureProgress {
    this.#done += examples;
    this.#cached += examples;
    return this.#report();
  }

  computed(examples: number, now = performance.now()): FeatureProgress {
    this.#done += examples;
    this.#left -= examples;
    this.#samples.push({ time: now, computed: this.#done - this.#cached });
    while (this.#samples.length > 2 && now - (this.#samples[0]?.time ?? now) > WINDOW_MS)
      this.#samples.shift();
    return this.#report();
  }

  #report(): FeatureProgress {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    const seconds = first === undefined || last === undefined ? 0 : (last.time - first.time) / 1000;
    const perSecond = seconds > 0 ? ((last?.computed ?? 0) - (first?.computed ?? 0)) / seconds : undefined;
    return {
      done: this.#done,
      total: this.#total,
      cached: this.#cached,
      perSecond,
      secondsLeft: perSecond === undefined || perSecond === 0 ? undefined : this.#left / perSecond,
    };
  }
}
