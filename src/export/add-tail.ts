/** What comes behind the cut, as nodes of a graph: pooling, scaling, the head and its activation. */
import type { Weight } from '../formats/weight.js';
import { type Attributes, attribute, DT, type Edge, type Graph } from '../graph/graph.js';
import { type Tensor, tf } from '../runtime/tensorflow.js';
import { neighbourVotes } from '../transfer/heads/nearest-neighbours.js';
import type { Tail } from './exportable.js';

/** As in `poolPositions`. */
const LOWEST = -3.4e38;
/** Under the square of any length that counts; a row of zeros stays one. */
const LEAST_SQUARE = 1e-30;

export interface AddedTail {
  /** [rows, width]: the features. */
  readonly features: Edge;
  /** [rows, outputs]: probabilities or values. */
  readonly scores: Edge;
}

/**
 * Adds nodes behind `cut`, which gives float32 [rows, …positions, channels].
 * @param mask [rows, positions], 1 where a position counts; as `Tail.mask` says.
 */
export function addTail(graph: Graph, cut: Edge, tail: Tail, mask?: Edge): AddedTail {
  const nodes = new TailNodes(graph);
  const features = pool(nodes, cut, tail, mask);
  const { head } = tail.fitted;
  const scaled = head.scaling === 'unit-length' ? unitLength(nodes, features, tail.width) : features;
  return { features, scores: score(nodes, scaled, tail) };
}

function pool(nodes: TailNodes, cut: Edge, { pooling, width }: Tail, mask: Edge | undefined): Edge {
  const { shape } = nodes.graph.info(cut);
  const rank = shape.length;
  if (rank === 2) return cut;
  if (pooling === 'none') return nodes.rows(cut, width);
  if (pooling === 'frames' && rank > 3) {
    return nodes.rows(nodes.reduce('Mean', cut, [1], [-1, ...shape.slice(2)]), width);
  }
  const positions = shape.slice(1, -1).map((_, index) => index + 1);
  if (mask === undefined || rank !== 3) {
    return nodes.reduce(pooling === 'max' ? 'Max' : 'Mean', cut, positions, [-1, width]);
  }
  const counted = nodes.expanded(nodes.asFloat(mask), 2, [-1, -1, 1]);
  const kept = nodes.float('Mul', [cut, counted], [-1, -1, width]);
  if (pooling === 'max') {
    const others = nodes.float('Sub', [nodes.scalar(1), counted], [-1, -1, 1]);
    const lowest = nodes.float('Mul', [others, nodes.scalar(LOWEST)], [-1, -1, 1]);
    return nodes.reduce('Max', nodes.float('AddV2', [kept, lowest], [-1, -1, width]), [1], [-1, width]);
  }
  const tokens = nodes.float(
    'Maximum',
    [nodes.reduce('Sum', counted, [1], [-1, 1]), nodes.scalar(1)],
    [-1, 1],
  );
  return nodes.float('RealDiv', [nodes.reduce('Sum', kept, [1], [-1, width]), tokens], [-1, width]);
}

function unitLength(nodes: TailNodes, features: Edge, width: number): Edge {
  const squares = nodes.float('Square', [features], [-1, width]);
  const sum = nodes.expanded(nodes.reduce('Sum', squares, [1], [-1]), 1, [-1, 1]);
  const length = nodes.float(
    'Sqrt',
    [nodes.float('Maximum', [sum, nodes.scalar(LEAST_SQUARE)], [-1, 1])],
    [-1, 1],
  );
  return nodes.float('RealDiv', [features, length], [-1, width]);
}

function score(nodes: TailNodes, features: Edge, { fitted, width }: Tail): Edge {
  const { head, parameters } = fitted;
  const { outputs } = head;
  const weight = (name: string) => nodes.weight(name, parameters.get(name));
  switch (head.kind) {
    case 'nearest-mean': {
      const means = nodes.expanded(weight('means'), 0, [1, outputs, width]);
      const squares = nodes.float(
        'SquaredDifference',
        [nodes.expanded(features, 1, [-1, 1, width]), means],
        [-1, outputs, width],
      );
      const distances = nodes.reduce('Sum', squares, [2], [-1, outputs]);
      const spread = nodes.float('Neg', [weight('spread')], [1]);
      return nodes.float(
        'Softmax',
        [nodes.float('RealDiv', [distances, spread], [-1, outputs])],
        [-1, outputs],
      );
    }
    case 'nearest-neighbours':
      return vote(nodes, features, fitted);
    default: {
      const hidden = parameters.has('hidden/kernel')
        ? nodes.float(
            'Relu',
            [nodes.dense(features, weight('hidden/kernel'), weight('hidden/bias'))],
            [-1, parameters.get('hidden/bias')?.shape[0] ?? 0],
          )
        : features;
      const raw = nodes.dense(hidden, weight('kernel'), weight('bias'));
      if (head.activation === 'none') return raw;
      return nodes.float(head.activation === 'softmax' ? 'Softmax' : 'Sigmoid', [raw], [-1, outputs]);
    }
  }
}

/** The k most similar examples, each with its vote for its class. */
function vote(nodes: TailNodes, features: Edge, { head, parameters }: Tail['fitted']): Edge {
  const { outputs } = head;
  const examples = parameters.get('examples');
  const { classes, votes } = neighbourVotes(head, parameters);
  const count = classes.length;
  const k = votes.length;
  const similar = nodes.product(features, nodes.weight('examples', examples), true, [-1, count]);
  const { node } = nodes.graph.add('TopKV2', {
    op: 'TopKV2',
    inputs: [similar, nodes.constant(tf.scalar(k, 'int32'), 'k')],
    attributes: { sorted: attribute.bool(true), T: attribute.type(DT.float32) },
    outputs: [
      { dtype: DT.float32, shape: [-1, k] },
      { dtype: DT.int32, shape: [-1, k] },
    ],
  });
  const memberships = tf.tidy(() => tf.oneHot(tf.tensor1d(classes, 'int32'), outputs).toFloat());
  const chosen = nodes.graph.add('GatherV2', {
    op: 'GatherV2',
    inputs: [
      nodes.constant(memberships, 'classes'),
      { node, output: 1 },
      nodes.constant(tf.scalar(0, 'int32'), 'axis'),
    ],
    attributes: {
      batch_dims: attribute.int(0),
      Tparams: attribute.type(DT.float32),
      Tindices: attribute.type(DT.int32),
      Taxis: attribute.type(DT.int32),
    },
    outputs: [{ dtype: DT.float32, shape: [-1, k, outputs] }],
  });
  const shares = nodes.constant(tf.tensor(votes, [1, k, 1]), 'votes');
  return nodes.reduce('Sum', nodes.float('Mul', [chosen, shares], [-1, k, outputs]), [1], [-1, outputs]);
}

type FloatOperation =
  | 'AddV2'
  | 'Maximum'
  | 'Mul'
  | 'Neg'
  | 'RealDiv'
  | 'Relu'
  | 'Sigmoid'
  | 'Softmax'
  | 'Sqrt'
  | 'Square'
  | 'SquaredDifference'
  | 'Sub';

/** The few kinds of nodes that a tail is made of. */
class TailNodes {
  constructor(readonly graph: Graph) {}

  /** @param shape of the result; -1 is any size. */
  float(op: FloatOperation, inputs: readonly Edge[], shape: readonly number[]): Edge {
    return this.#node(op, inputs, { T: attribute.type(DT.float32) }, shape);
  }

  #node(op: string, inputs: readonly Edge[], attributes: Attributes, shape: readonly number[]): Edge {
    return this.graph.add(op, { op, inputs, attributes, outputs: [{ dtype: DT.float32, shape }] });
  }

  constant(value: Tensor, label: string): Edge {
    return this.graph.constant(tf.keep(value), label);
  }

  scalar(value: number): Edge {
    return this.constant(tf.scalar(value), 'number');
  }

  /** A parameter of the head, which has it: that was checked when it was made. */
  weight(name: string, weight: Weight | undefined): Edge {
    if (weight === undefined) throw new RangeError(`the head has no ${name}`);
    return this.constant(tf.tensor(weight.data, [...weight.shape], weight.dtype), name);
  }

  reduce(op: 'Max' | 'Mean' | 'Sum', input: Edge, axes: number[], shape: readonly number[]): Edge {
    return this.#node(
      op,
      [input, this.constant(tf.tensor1d(axes, 'int32'), 'axes')],
      { keep_dims: attribute.bool(false), T: attribute.type(DT.float32), Tidx: attribute.type(DT.int32) },
      shape,
    );
  }

  /** [rows, …] as [rows, width]. */
  rows(input: Edge, width: number): Edge {
    return this.#node(
      'Reshape',
      [input, this.constant(tf.tensor1d([-1, width], 'int32'), 'shape')],
      { T: attribute.type(DT.float32), Tshape: attribute.type(DT.int32) },
      [-1, width],
    );
  }

  expanded(input: Edge, axis: number, shape: readonly number[]): Edge {
    return this.#node(
      'ExpandDims',
      [input, this.constant(tf.scalar(axis, 'int32'), 'axis')],
      { T: attribute.type(DT.float32), Tdim: attribute.type(DT.int32) },
      shape,
    );
  }

  asFloat(input: Edge): Edge {
    const { dtype, shape } = this.graph.info(input);
    if (dtype === DT.float32) return input;
    const attributes = {
      SrcT: attribute.type(dtype),
      DstT: attribute.type(DT.float32),
      Truncate: attribute.bool(false),
    };
    return this.#node('Cast', [input], attributes, shape);
  }

  product(a: Edge, b: Edge, transposed: boolean, shape: readonly number[]): Edge {
    const attributes = {
      transpose_a: attribute.bool(false),
      transpose_b: attribute.bool(transposed),
      T: attribute.type(DT.float32),
    };
    return this.#node('MatMul', [a, b], attributes, shape);
  }

  dense(input: Edge, kernel: Edge, bias: Edge): Edge {
    const shape = [-1, ...this.graph.info(bias).shape];
    const attributes = { T: attribute.type(DT.float32), data_format: attribute.string('NHWC') };
    return this.#node('BiasAdd', [this.product(input, kernel, false, shape), bias], attributes, shape);
  }
}
