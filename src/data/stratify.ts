/** Dealing examples into parts so that each part looks like the whole. */
import type { Example } from './dataset.js';
import type { Random } from './random.js';

/** Against sums like 35 * 0.2 = 7.000000000000001. */
const ROUNDING = 1e-9;

/**
 * The part of each example, by index.
 *
 * Examples of one class are dealt so that every part has its share of the class, rounded down or up, and what is
 * rounded evens out over the classes. Targets of a regression are sorted and dealt in stretches of neighbours, so that
 * every part covers the range; examples that lack one are dealt by themselves. Examples with several labels are dealt by iterative stratification (Sechidis, Tsoumakas,
 * Vlahavas 2011): the rarest label first, to the part that lacks it most.
 * @param shares of the parts; they sum to 1.
 * @param fillFirst the first part gets at least one example of every class: it is trained on.
 */
export function stratify(
  examples: readonly Example[],
  shares: readonly number[],
  random: Random,
  fillFirst: boolean,
): number[] {
  if (examples.some(({ labels }) => labels.length > 1)) return dealLabels(examples, shares, random);
  const targets = examples.some(({ target }) => target !== undefined);
  const strata = targets ? stretches(examples, shares, random) : classes(examples);
  return dealStrata(examples.length, strata, shares, random, fillFirst && !targets);
}

function classes(examples: readonly Example[]): number[][] {
  const byLabel = new Map<string, number[]>();
  examples.forEach(({ labels }, index) => {
    const key = labels[0] ?? '';
    const stratum = byLabel.get(key);
    if (stratum === undefined) byLabel.set(key, [index]);
    else stratum.push(index);
  });
  return Array.from(byLabel.values());
}

/** Neighbours by target; as many in a stretch as it takes to give the smallest part one. */
function stretches(examples: readonly Example[], shares: readonly number[], random: Random): number[][] {
  const smallest = Math.min(...shares.filter((share) => share > 0));
  const length = Math.max(2, Math.round(1 / smallest));
  // Shuffled first, so that equal targets don't stay in the order of the files.
  const shuffled = random.shuffled(examples.keys());
  const hasTarget = (index: number) => examples[index]?.target !== undefined;
  const sorted = shuffled
    .filter(hasTarget)
    .sort((a, b) => (examples[a]?.target ?? 0) - (examples[b]?.target ?? 0));
  const neighbours = Array.from({ length: Math.ceil(sorted.length / length) }, (_, index) =>
    sorted.slice(index * length, (index + 1) * length),
  );
  return [...neighbours, shuffled.filter((index) => !hasTarget(index))];
}

function dealStrata(
  total: number,
  strata: readonly (readonly number[])[],
  shares: readonly number[],
  random: Random,
  fillFirst: boolean,
): number[] {
  const parts = new Array<number>(total).fill(0);
  /** What each part should have by now, less what it has. */
  const owed = shares.map(() => 0);
  for (const stratum of strata) {
    const shuffled = random.shuffled(stratum);
    const whole = shares.map((share) => Math.floor(share * stratum.length + ROUNDING));
    const broken = shares.map((share, part) => share * stratum.length - (whole[part] ?? 0) > ROUNDING);
    shares.forEach((share, part) => {
      owed[part] = (owed[part] ?? 0) + share * stratum.length - (whole[part] ?? 0);
    });
    const rest = stratum.length - whole.reduce((sum, count) => sum + count, 0);
    const order = random
      .shuffled(shares.keys())
      .filter((part) => broken[part])
      .sort((a, b) => (owed[b] ?? 0) - (owed[a] ?? 0));
    if (fillFirst && whole[0] === 0 && order.includes(0)) order.unshift(...order.splice(order.indexOf(0), 1));
    for (const part of order.slice(0, rest)) {
      whole[part] = (whole[part] ?? 0) + 1;
      owed[part] = (owed[part] ?? 0) - 1;
    }
    let next = 0;
    whole.forEach((count, part) => {
      for (const index of shuffled.slice(next, next + count)) parts[index] = part;
      next += count;
    });
  }
  return parts;
}

function dealLabels(examples: readonly Example[], shares: readonly number[], random: Random): number[] {
  const parts = new Array<number>(examples.length).fill(-1);
  const wanted = shares.map((share) => share * examples.length);
  const waiting = new Map<string, Set<number>>();
  for (const index of random.shuffled(examples.keys())) {
    for (const label of examples[index]?.labels ?? []) {
      const holders = waiting.get(label);
      if (holders === undefined) waiting.set(label, new Set([index]));
      else holders.add(index);
    }
  }
  const wantedOf = new Map(
    Array.from(waiting, ([label, holders]) => [label, shares.map((share) => share * holders.size)] as const),
  );
  const deal = (index: number, wish: readonly number[]) => {
    const part = neediest(wish, wanted, random);
    parts[index] = part;
    wanted[part] = (wanted[part] ?? 0) - 1;
    for (const label of examples[index]?.labels ?? []) {
      waiting.get(label)?.delete(index);
      const wishes = wantedOf.get(label);
      if (wishes !== undefined) wishes[part] = (wishes[part] ?? 0) - 1;
    }
  };
  for (;;) {
    const rarest = Array.from(waiting)
      .filter(([, holders]) => holders.size > 0)
      .reduce<[string, Set<number>] | undefined>(
        (best, entry) => (best === undefined || entry[1].size < best[1].size ? entry : best),
        undefined,
      );
    if (rarest === undefined) break;
    for (const index of Array.from(rarest[1])) deal(index, wantedOf.get(rarest[0]) ?? wanted);
  }
  for (const index of parts.keys()) if (parts[index] === -1) deal(index, wanted);
  return parts;
}

/** The part that wants this label most; among equals the one that wants examples most; then by lot. */
function neediest(wish: readonly number[], wanted: readonly number[], random: Random): number {
  const most = Math.max(...wish);
  const first = Array.from(wish.keys()).filter((part) => (wish[part] ?? 0) > most - ROUNDING);
  const mostWanted = Math.max(...first.map((part) => wanted[part] ?? 0));
  const best = first.filter((part) => (wanted[part] ?? 0) > mostWanted - ROUNDING);
  return best[best.length > 1 ? random.below(best.length) : 0] ?? 0;
}
