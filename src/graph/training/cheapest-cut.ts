/**
 * Which tensors to keep so that others can be computed from them: the smallest cut between what is expensive to compute
 * and what is needed, by the theorem of Ford and Fulkerson. What is cheap may lie on either side.
 */

/** A tensor, as a place where computations can be cut. */
export interface CutPlace {
  /** Of keeping it; Infinity where it can't be kept. */
  readonly cost: number;
  /** Names of the tensors that it is computed from; none for one that must not be computed again. */
  readonly from: readonly string[];
  /** True where somebody needs it. */
  readonly needed: boolean;
}

/**
 * @param places by name; names in `from` are among them.
 * @returns names of the tensors to keep, those nearest to where they are needed if several cuts cost the same;
 * undefined where nothing but a tensor that can't be kept will do.
 */
export function cheapestCut(places: ReadonlyMap<string, CutPlace>): string[] | undefined {
  const flow = new Flow();
  for (const [name, { cost, from, needed }] of places) {
    flow.allow(entry(name), exit(name), cost);
    if (from.length === 0) flow.allow(SOURCE, entry(name), Number.POSITIVE_INFINITY);
    for (const other of from) flow.allow(exit(other), entry(name), Number.POSITIVE_INFINITY);
    if (needed) flow.allow(exit(name), SINK, Number.POSITIVE_INFINITY);
  }
  for (let path = flow.path(); path !== undefined; path = flow.path()) {
    if (!flow.fill(path)) return undefined;
  }
  const behind = flow.leadingTo(SINK);
  return [...places.keys()].filter((name) => behind.has(exit(name)) && !behind.has(entry(name)));
}

const SOURCE = 'source';
const SINK = 'sink';
const entry = (name: string) => `in ${name}`;
const exit = (name: string) => `out ${name}`;

/** What may still flow from a vertex to another. */
class Flow {
  readonly #left = new Map<string, Map<string, number>>();

  allow(from: string, to: string, amount: number): void {
    this.#change(from, to, amount);
    this.#change(to, from, 0);
  }

  #change(from: string, to: string, amount: number): void {
    const others = this.#left.get(from) ?? new Map<string, number>();
    others.set(to, (others.get(to) ?? 0) + amount);
    this.#left.set(from, others);
  }

  #amount(from: string, to: string): number {
    return this.#left.get(from)?.get(to) ?? 0;
  }

  /** The shortest way on which something can still flow from source to sink. */
  path(): string[] | undefined {
    const before = new Map<string, string>();
    const waiting = [SOURCE];
    for (const at of waiting) {
      for (const [to, amount] of this.#left.get(at) ?? []) {
        if (amount <= 0 || to === SOURCE || before.has(to)) continue;
        before.set(to, at);
        waiting.push(to);
      }
    }
    if (!before.has(SINK)) return undefined;
    const path: string[] = [];
    for (let at: string | undefined = SINK; at !== undefined; at = before.get(at)) path.unshift(at);
    return path;
  }

  /** Lets as much flow as the narrowest place takes. @returns false where none is narrow. */
  fill(path: readonly string[]): boolean {
    const steps = path.slice(1).map((to, index) => [path[index] ?? SOURCE, to] as const);
    const most = Math.min(...steps.map(([from, to]) => this.#amount(from, to)));
    if (most === Number.POSITIVE_INFINITY) return false;
    for (const [from, to] of steps) {
      this.#change(from, to, -most);
      this.#change(to, from, most);
    }
    return true;
  }

  /** Vertices from which something can still flow to one. */
  leadingTo(end: string): Set<string> {
    const found = new Set([end]);
    // Each edge has its opposite, so neighbours in either direction are the same.
    for (const at of found) {
      for (const from of this.#left.get(at)?.keys() ?? []) if (this.#amount(from, at) > 0) found.add(from);
    }
    return found;
  }
}
