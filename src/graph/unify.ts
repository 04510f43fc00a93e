/**
 * One graph of several traces of the same computation on inputs of different sizes. What is the same in all of them is
 * kept; numbers that differ are sizes, and become operations that compute them from the inputs of the moment.
 */
import { type Tensor, tf } from '../runtime/tensorflow.js';
import { sameAttributes } from './attributes.js';
import { commonInfo } from './common-info.js';
import { attribute, DT, type Edge, Graph } from './graph.js';
import { isSame, type Series, Sizes } from './sizes.js';
import type { Trace, TracedEdge, TracedNode } from './trace.js';
import { untraceable } from './untraceable.js';

/** Constants that differ are looked at number by number up to this size; sizes are few numbers. */
const MOST_NUMBERS = 2 ** 22;

/**
 * @param traces of one computation, each with other sizes where sizes may vary; one trace gives a graph for its own
 * sizes only. They stay the caller's.
 * @param outputNames names of what the computation gives, in order.
 * @returns a graph whose constants are its own.
 * @throws ZooError `DATA` where the traces differ in more than sizes, or a number in them can't be explained.
 */
export function unify(traces: readonly Trace[], outputNames: readonly string[]): Graph {
  const graph = new Graph();
  try {
    new Unifier(traces, graph).run(outputNames);
    return graph;
  } catch (error) {
    graph.dispose();
    throw error;
  }
}

class Unifier {
  readonly #traces: readonly Trace[];
  readonly #graph: Graph;
  readonly #sizes: Sizes;
  /** Name of the node in the graph, by position in the traces. */
  readonly #names: string[] = [];
  /** Shapes made of sizes, by their numbers in the traces: every layer asks for the same few. */
  readonly #lists = new Map<string, Edge>();
  /** The first axis of the first input. */
  readonly #batch: Series;

  constructor(traces: readonly Trace[], graph: Graph) {
    this.#traces = traces;
    this.#graph = graph;
    this.#batch = traces.map(({ nodes, inputs }) => nodes[inputs[0]?.index ?? -1]?.outputs[0]?.shape[0] ?? 0);
    this.#sizes = new Sizes(graph);
  }

  run(outputNames: readonly string[]): void {
    const [first] = this.#traces;
    if (first === undefined) throw untraceable('there is no trace of it');
    const longer = this.#traces.find(({ nodes }) => nodes.length !== first.nodes.length);
    if (longer !== undefined) {
      throw untraceable(
        'how many operations it takes depends on the sizes of its inputs',
        `${first.nodes.length} and ${longer.nodes.length}`,
      );
    }
    first.nodes.forEach((_, index) => {
      this.#names.push(this.#add(this.#traces.map((trace) => nodeAt(trace, index))).node);
    });
    this.#graph.inputs = first.inputs.map(({ name, index }) => ({
      name,
      edge: this.#edge({ index, output: 0 }),
    }));
    this.#graph.outputs = first.outputs.map((output, position) => {
      this.#requireSame(this.#traces.map(({ outputs }) => outputs[position]));
      return { name: outputNames[position] ?? `output_${position}`, edge: this.#edge(output) };
    });
    this.#graph.prune();
  }

  #edge({ index, output }: TracedEdge): Edge {
    return { node: this.#names[index] ?? '', output };
  }

  #requireSame(edges: readonly (TracedEdge | undefined)[]): void {
    const keys = edges.map((edge) => `${edge?.index}:${edge?.output}`);
    if (!isSame(keys)) throw untraceable('which operations it takes depends on the sizes of its inputs');
  }

  #add(nodes: readonly TracedNode[]): Edge {
    const [node] = nodes;
    if (node === undefined) throw untraceable('there is no trace of it');
    if (!isSame(nodes.map(({ op }) => op)) || !isSame(nodes.map(({ inputs }) => inputs.length))) {
      throw untraceable('which operations it takes depends on the sizes of its inputs', node.op);
    }
    if (node.constant !== undefined) return this.#constant(nodes);
    if (nodes.some(({ attributes }) => !sameAttributes(attributes, node.attributes))) {
      throw untraceable('an attribute depends on the sizes of its inputs', node.op);
    }
    const inputs = node.inputs.map((edge, position) => {
      this.#requireSame(nodes.map((each) => each.inputs[position]));
      return this.#edge(edge);
    });
    const { op, attributes } = node;
    const outputs = node.outputs.map((_, output) => commonInfo(nodes, output, this.#batch));
    const edge = this.#graph.add(op, { op, inputs, attributes, outputs });
    outputs.forEach((_, output) => {
      const shapes = nodes.map((each) => each.outputs[output]?.shape ?? []);
      if (isSame(shapes.map(({ length }) => length))) this.#sizes.learn({ ...edge, output }, shapes);
    });
    return edge;
  }

  #constant(nodes: readonly TracedNode[]): Edge {
    const constants = nodes.flatMap(({ constant }) => constant ?? []);
    const [first] = constants;
    if (first === undefined || constants.length !== nodes.length)
      throw untraceable('a constant is one only at some sizes');
    const keep = () => this.#graph.constant(tf.keep(first.value.clone()));
    if (isSame(constants.map(({ id }) => id))) return keep();
    const values = constants.map(({ value }) => value);
    if (!isSame(values.map(({ dtype }) => dtype)) || !isSame(values.map(({ rank }) => rank))) {
      throw untraceable('the type of a constant depends on the sizes of its inputs');
    }
    if (values.some(({ size }) => size > MOST_NUMBERS)) {
      throw untraceable(
        'a constant is made anew at each run, and too large to compare',
        `${first.value.size} numbers`,
      );
    }
    const numbers = values.map(numbersOf);
    const [same = []] = numbers;
    const shapes = values.map(({ shape }) => shape);
    if (!isSame(shapes.map((shape) => shape.join()))) return this.#broadcast(nodes, values, numbers);
    const varying = Array.from(same, (_, index) => index).filter(
      (index) => !isSame(numbers.map((each) => each[index])),
    );
    if (varying.length === 0) return keep();
    return this.#computed(first.value, numbers);
  }

  /** A constant some of whose numbers are sizes. */
  #computed(value: Tensor, numbers: readonly ArrayLike<number>[]): Edge {
    const key = `${value.dtype} [${value.shape.join()}] ${numbers.map((each) => Array.from(each).join()).join(';')}`;
    const made = this.#lists.get(key) ?? this.#computedAnew(value, numbers);
    this.#lists.set(key, made);
    return made;
  }

  #computedAnew(value: Tensor, numbers: readonly ArrayLike<number>[]): Edge {
    const series = (index: number): Series => numbers.map((each) => each[index] ?? 0);
    const scalars = Array.from({ length: value.size }, (_, index) =>
      this.#number(series(index), value.dtype),
    );
    const [only] = scalars;
    if (value.rank === 0 && only !== undefined) return only;
    const type = attribute.type(DT[value.dtype]);
    const list = this.#list(scalars, value.dtype);
    if (value.rank === 1) return list;
    return this.#graph.add('Reshape', {
      op: 'Reshape',
      inputs: [list, this.#graph.constant(tf.keep(tf.tensor1d(value.shape, 'int32')))],
      attributes: { T: type, Tshape: attribute.type(DT.int32) },
      outputs: [{ dtype: DT[value.dtype], shape: value.shape }],
    });
  }

  /** Scalars as a vector. */
  #list(scalars: readonly Edge[], dtype: Tensor['dtype']): Edge {
    const attributes = {
      N: attribute.int(scalars.length),
      T: attribute.type(DT[dtype]),
      axis: attribute.int(0),
    };
    const outputs = [{ dtype: DT[dtype], shape: [scalars.length] }];
    return this.#graph.add('Pack', { op: 'Pack', inputs: scalars, attributes, outputs });
  }

  /** A scalar that is a size, or for floats also one divided by a size. */
  #number(series: Series, dtype: Tensor['dtype']): Edge {
    const known = this.#integer(series);
    if (dtype === 'int32' && known !== undefined) return known;
    const [first = 0] = series;
    if (dtype === 'float32' && isSame(series)) return this.#graph.constant(tf.keep(tf.scalar(first)));
    if (dtype === 'float32') {
      const size = known ?? this.#integer(series.map((value) => nearlyWhole(1 / value)));
      const float = size && this.#float(size);
      if (float !== undefined) return known === undefined ? this.#reciprocal(float) : float;
    }
    throw untraceable(
      'a number depends on the sizes of its inputs in a way that is not known',
      series.join(', '),
    );
  }

  #integer(series: Series): Edge | undefined {
    return series.every(Number.isSafeInteger) ? this.#sizes.scalar(series) : undefined;
  }

  #float(edge: Edge): Edge {
    return this.#graph.add('Cast', {
      op: 'Cast',
      inputs: [edge],
      attributes: {
        SrcT: attribute.type(DT.int32),
        DstT: attribute.type(DT.float32),
        Truncate: attribute.bool(false),
      },
      outputs: [{ dtype: DT.float32, shape: [] }],
    });
  }

  #reciprocal(edge: Edge): Edge {
    return this.#graph.add('Reciprocal', {
      op: 'Reciprocal',
      inputs: [edge],
      attributes: { T: attribute.type(DT.float32) },
      outputs: [{ dtype: DT.float32, shape: [] }],
    });
  }

  /** A constant whose shape is a size: zeros, ones, the same row for each example. */
  #broadcast(
    nodes: readonly TracedNode[],
    values: readonly Tensor[],
    numbers: readonly ArrayLike<number>[],
  ): Edge {
    const shapes = values.map((each) => each.shape);
    const [value] = values;
    const [shape] = shapes;
    if (value === undefined || shape === undefined) throw untraceable('there is no trace of it');
    const varying = shape.map((_, axis) => !isSame(shapes.map((each) => each[axis])));
    const slice = shape.map((size, axis) => (varying[axis] ? 1 : size));
    const cut = tf.tidy(() =>
      tf.keep(
        tf.slice(
          value,
          shape.map(() => 0),
          slice,
        ),
      ),
    );
    const row = this.#graph.constant(cut);
    values.forEach((each, trace) => {
      const whole = tf.broadcastTo(cut, each.shape);
      const repeated = numbersOf(whole);
      whole.dispose();
      if (numbers[trace] === undefined || !sameNumbers(repeated, numbers[trace])) {
        throw untraceable('a constant grows with the sizes of its inputs', `[${shape.join(', ')}]`);
      }
    });
    const dims = shape.map((_, axis) => {
      const series = shapes.map((each) => each[axis] ?? 0);
      const size = this.#integer(series);
      if (size === undefined) throw untraceable('the shape of a constant is not known', series.join(', '));
      return size;
    });
    const target = this.#list(dims, 'int32');
    return this.#graph.add('BroadcastTo', {
      op: 'BroadcastTo',
      inputs: [row, target],
      attributes: { T: attribute.type(DT[value.dtype]), Tidx: attribute.type(DT.int32) },
      outputs: [commonInfo(nodes, 0, this.#batch)],
    });
  }
}

function nodeAt(trace: Trace, index: number): TracedNode {
  const node = trace.nodes[index];
  if (node === undefined) throw new RangeError(`the trace has no node ${index}`);
  return node;
}

/** Floats that are one over a whole number, after rounding to 32 bits. */
function nearlyWhole(value: number): number {
  const whole = Math.round(value);
  return Math.abs(value - whole) < 1e-6 * Math.abs(whole) ? whole : value;
}

function numbersOf(value: Tensor): ArrayLike<number> {
  const numbers = value.dataSync();
  if (numbers instanceof Float32Array || numbers instanceof Int32Array || numbers instanceof Uint8Array)
    return numbers;
  throw untraceable('it works on strings');
}

function sameNumbers(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  for (let index = 0; index < a.length; index++) if (!Object.is(a[index], b[index])) return false;
  return a.length === b.length;
}
