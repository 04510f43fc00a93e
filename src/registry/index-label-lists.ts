/** Long label lists of a build: numbered in the order of their first use, which the order of the cards decides. */

import { SHARED_LIST_USES } from './index-format.js';
import type { Stage } from './index-stage.js';
import type { Database, Statement } from './sqlite.js';

export class LabelLists {
  readonly #stage: Stage;
  readonly #insert: Statement<[number, Buffer]>;
  readonly #numbers = new Map<number, number>();
  /** By number − 1. */
  readonly #staged: number[] = [];
  readonly #uses: number[] = [];

  constructor(stage: Stage, output: Database) {
    this.#stage = stage;
    this.#insert = output.prepare('INSERT INTO label_lists (id, labels) VALUES (?, ?)');
  }

  /** The number of a staged list in the index, where it is written at its first use. */
  number(staged: number | null): number | null {
    if (staged === null) return null;
    const known = this.#numbers.get(staged);
    if (known !== undefined) return known;
    const number = this.#staged.push(staged);
    this.#uses.push(0);
    this.#numbers.set(staged, number);
    this.#insert.run(number, this.#stage.list(staged).labels);
    return number;
  }

  /** Counts a model that is listed with this list. */
  use(number: number | null): void {
    if (number !== null) this.#uses[number - 1] = this.uses(number) + 1;
  }

  uses(number: number): number {
    return this.#uses[number - 1] ?? 0;
  }

  isShared(number: number): boolean {
    return this.uses(number) >= SHARED_LIST_USES;
  }

  words(number: number): string[] {
    const staged = this.#staged[number - 1];
    return staged === undefined ? [] : this.#stage.list(staged).words.split('\n');
  }

  /** Numbers of the lists that are searched as one posting list. */
  shared(): number[] {
    return this.#staged.map((_, index) => index + 1).filter((number) => this.isShared(number));
  }
}
