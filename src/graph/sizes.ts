/**
 * Sizes that a computation took from its inputs: seen in several traces as numbers that differ, and written into the
 * graph as what they are, the size of a tensor on an axis, or a product, quotient, sum or difference of such.
 */
import { tf } from '../runtime/tensorflow.js';
import { attribute, DT, type Edge, type Graph } from './graph.js';
import { addShape, addSize } from './size-nodes.js';

/** A number in each of the traces. */
export type Series = readonly number[];

/** A tensor whose size on an axis is what a series says. */
interface Source {
  readonly edge: Edge;
  readonly axis: number;
  readonly series: Series;
}

const SCALAR = [{ dtype: DT.int32, shape: [] }];
/** Two sizes are multiplied with each other up to this many different ones: more can't be told apart. */
const MOST_FACTORS = 12;

export class Sizes {
  readonly #graph: Graph;
  readonly #sources = new Map<string, Source>();
  readonly #built = new Map<string, Edge>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** Sizes of a tensor that was computed; what was seen first is used, so begin with the inputs. */
  learn(edge: Edge, shapes: readonly (readonly number[])[]): void {
    const [first = []] = shapes;
    first.forEach((_, axis) => {
      const series = shapes.map((shape) => shape[axis] ?? 0);
      if (isSame(series)) return;
      const key = series.join();
      if (!this.#sources.has(key)) this.#sources.set(key, { edge, axis, series });
    });
  }

  /** An int32 scalar that is `series` in the traces; undefined when nothing known gives it. */
  scalar(series: Series): Edge | undefined {
    const key = series.join();
    const built = this.#built.get(key) ?? this.#build(series);
    if (built !== undefined) this.#built.set(key, built);
    return built;
  }

  #build(series: Series): Edge | undefined {
    const [first = 0] = series;
    if (isSame(series)) return this.#number(first);
    const exact = this.#sources.get(series.join());
    if (exact !== undefined) return this.#sizeOf(exact);
    return this.#scaled(series) ?? this.#shifted(series);
  }

  /** The size of a tensor, or of two multiplied, times a fraction. */
  #scaled(series: Series): Edge | undefined {
    const single = [...this.#sources.values()];
    for (const source of single) {
      const ratio = ratioOf(series, source.series);
      if (ratio !== undefined) return this.#times(this.#sizeOf(source), ratio);
    }
    const factors = single.slice(0, MOST_FACTORS);
    for (const [index, a] of factors.entries()) {
      for (const b of factors.slice(index)) {
        const product = a.series.map((value, trace) => value * (b.series[trace] ?? 0));
        const ratio = ratioOf(series, product);
        if (ratio === undefined) continue;
        return this.#times(this.#arithmetic('Mul', this.#sizeOf(a), this.#sizeOf(b)), ratio);
      }
    }
    return undefined;
  }

  /** The size of a tensor and a number, or what it leaves of a number: rows of a table that a slice leaves out. */
  #shifted(series: Series): Edge | undefined {
    for (const source of this.#sources.values()) {
      const differences = series.map((value, trace) => value - (source.series[trace] ?? 0));
      const [difference = 0] = differences;
      if (isSame(differences))
        return this.#arithmetic('AddV2', this.#sizeOf(source), this.#number(difference));
      const sums = series.map((value, trace) => value + (source.series[trace] ?? 0));
      const [sum = 0] = sums;
      if (isSame(sums)) return this.#arithmetic('Sub', this.#number(sum), this.#sizeOf(source));
    }
    return undefined;
  }

  #times(edge: Edge, [numerator, denominator]: readonly [number, number]): Edge {
    const multiplied = numerator === 1 ? edge : this.#arithmetic('Mul', edge, this.#number(numerator));
    if (denominator === 1) return multiplied;
    return this.#arithmetic('FloorDiv', multiplied, this.#number(denominator));
  }

  #sizeOf({ edge, axis }: Source): Edge {
    const key = `shape of ${edge.node}:${edge.output}`;
    const shape = this.#built.get(key) ?? addShape(this.#graph, edge);
    this.#built.set(key, shape);
    return addSize(this.#graph, shape, axis);
  }

  #number(value: number): Edge {
    return this.#graph.constant(tf.keep(tf.scalar(value, 'int32')));
  }

  #arithmetic(op: 'Mul' | 'AddV2' | 'Sub' | 'FloorDiv', a: Edge, b: Edge): Edge {
    return this.#graph.add(op, {
      op,
      inputs: [a, b],
      attributes: { T: attribute.type(DT.int32) },
      outputs: SCALAR,
    });
  }
}

export function isSame(series: readonly unknown[]): boolean {
  return series.every((value) => value === series[0]);
}

/** `series` as a multiple or a part of `base`: [n, 1] or [1, n]. */
export function ratioOf(series: Series, base: Series): readonly [number, number] | undefined {
  const [a = 0] = series;
  const [b = 0] = base;
  if (a <= 0 || b <= 0) return undefined;
  const [times, parts] = a % b === 0 ? [a / b, 1] : [1, b / a];
  if (!Number.isInteger(parts)) return undefined;
  return series.every((value, trace) => value * parts === times * (base[trace] ?? 0))
    ? [times, parts]
    : undefined;
}
