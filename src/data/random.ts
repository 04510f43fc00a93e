/**
 * The one seeded generator: splits, sampling, shuffling, initial weights, dropout and augmentation draw from it, so
 * that a seed gives the same run on every machine.
 *
 * xoshiro128** 1.1 of Blackman and Vigna (https://prng.di.unimi.it): 32 bits a call, period 2^128 - 1, all in 32-bit
 * integer arithmetic. Its state comes from SplitMix64, as they advise, or from sha256 for named streams.
 */
import { createHash } from 'node:crypto';
import { ZooError } from '../core/errors.js';

/** The four 32-bit words of a generator: all that a checkpoint needs to go on with the same numbers. */
export type RandomState = readonly [number, number, number, number];

export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  private constructor([a, b, c, d]: RandomState) {
    this.#a = a >>> 0;
    this.#b = b >>> 0;
    this.#c = c >>> 0;
    this.#d = d >>> 0;
    // The all-zero state only ever gives zeros.
    if ((this.#a | this.#b | this.#c | this.#d) === 0) this.#a = 1;
  }

  /**
   * @param seed a safe whole number, 0 or more.
   * @param purpose gives each use (`split`, `dropout`, `augment 12`) a stream of its own, so that drawing more in one
   *   place changes nothing in another.
   * @throws ZooError `USAGE` for other seeds.
   */
  static seeded(seed: number, purpose?: string): Random {
    checkSeed(seed);
    return new Random(purpose === undefined ? stateFromSeed(seed) : stateFromText(`${seed} ${purpose}`));
  }

  /** Goes on where `state()` was taken. */
  static fromState(state: RandomState): Random {
    return new Random(state);
  }

  state(): RandomState {
    return [this.#a, this.#b, this.#c, this.#d];
  }

  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number {
    const times5 = Math.imul(this.#b, 5);
    const result = Math.imul((times5 << 7) | (times5 >>> 25), 9) >>> 0;
    const t = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= t;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    this.#a >>>= 0;
    this.#b >>>= 0;
    this.#c >>>= 0;
    this.#d >>>= 0;
    return result;
  }

  /** In [0, 1), with 53 random bits. */
  uniform(): number {
    const high = this.uint32() >>> 5;
    const low = this.uint32() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** In [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /**
   * A whole number in [0, bound), each equally likely (draws in the incomplete last stretch are rejected).
   * @param bound 1 … 2^32.
   */
  below(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw new RangeError(`not a bound for random numbers: ${bound}`);
    }
    const limit = 2 ** 32 - (2 ** 32 % bound);
    for (;;) {
      const draw = this.uint32();
      if (draw < limit) return draw % bound;
    }
  }

  /** True with this probability. */
  chance(probability: number): boolean {
    return this.uniform() < probability;
  }

  /** Standard normal, by the polar method of Marsaglia; the second of each pair is dropped, so that the state is all. */
  normal(): number {
    for (;;) {
      const x = this.between(-1, 1);
      const y = this.between(-1, 1);
      const square = x * x + y * y;
      if (square > 0 && square < 1) {
        return x * Math.sqrt((-2 * Math.log(square)) / square);
      }
    }
  }

  /** A shuffled copy (Fisher and Yates). */
  shuffled<T>(items: Iterable<T>): T[] {
    const shuffled = Array.from(items);
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.below(last + 1);
      const held = shuffled[last];
      // Both indices lie in the array, whose items may well be undefined.
      shuffled[last] = shuffled[other] as T;
      shuffled[other] = held as T;
    }
    return shuffled;
  }
}

/** @throws ZooError `USAGE` for anything but a safe whole number, 0 or more. */
function checkSeed(seed: number): void {
  if (Number.isSafeInteger(seed) && seed >= 0) return;
  throw new ZooError('USAGE', 'Not a seed', { expected: 'a whole number, 0 or more', found: String(seed) });
}

const MASK = 2n ** 64n - 1n;

/** SplitMix64 (Steele, Lea, Flood; constants of Vigna's splitmix64.c): the 64-bit numbers after `seed`. */
export function* splitMix64(seed: bigint): Generator<bigint, never> {
  let state = seed & MASK;
  for (;;) {
    state = (state + 0x9e3779b97f4a7c15n) & MASK;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & MASK;
    yield z ^ (z >> 31n);
  }
}

function stateFromSeed(seed: number): RandomState {
  const numbers = splitMix64(BigInt(seed));
  const first = numbers.next().value;
  const second = numbers.next().value;
  const low = (value: bigint) => Number(value & 0xffffffffn);
  const high = (value: bigint) => Number(value >> 32n);
  return [low(first), high(first), low(second), high(second)];
}

function stateFromText(text: string): RandomState {
  const hash = createHash('sha256').update(text).digest();
  return [hash.readUInt32LE(0), hash.readUInt32LE(4), hash.readUInt32LE(8), hash.readUInt32LE(12)];
}
