/** How much memory a step of training takes: estimated from its graph, before one runs. */
import { DT, type Graph, type GraphNode, type OutputInfo } from '../graph.js';
import { type Signature, tensorName } from '../saved-model.js';

/** In bytes: a step with `n` examples takes about `fixed + n · perExample` at its peak. */
export interface StepMemory {
  readonly fixed: number;
  /** 0 where the number of examples can't be another. */
  readonly perExample: number;
}

/** When a tensor is there, by the places of nodes in the order in which they run. */
interface Life {
  readonly info: OutputInfo;
  readonly from: number;
  /** The last place at which it is needed. */
  to: number;
}

/** Of a number. */
const BYTES: ReadonlyMap<number, number> = new Map([
  [DT.float32, 4],
  [DT.int32, 4],
  [DT.bool, 1],
  [DT.int64, 8],
  [DT.complex64, 8],
]);
/** Operations whose result is their first input, in another shape at most. */
const SHARING: ReadonlySet<string> = new Set([
  ...['Reshape', 'Squeeze', 'ExpandDims', 'Identity', 'StopGradient', 'PlaceholderWithDefault'],
]);
/** Operations that give what was there before. */
const STANDING: ReadonlySet<string> = new Set(['Const', 'VarHandleOp', 'ReadVariableOp']);
/** So many that what grows with them is more than all that does not. */
const MANY_EXAMPLES = 1024;

/**
 * Takes what TensorFlow's pool of memory can't use in its gaps, and what kernels take for themselves. Growth of the
 * process's resident memory by Adam on all parameters, in MiB from before the training was made to the peak of its
 * steps (two cores, oneDNN), and the estimate as a part of it:
 *
 * | network                   | batch 4   | batch 16   | batch 32   |
 * | ------------------------- | --------- | ---------- | ---------- |
 * | mobilenet-v2, 224 × 224   | 574, 0.49 | 705, 0.96  | 1298, 0.92 |
 * | resnet50, 224 × 224       | 1053, 0.79 | 1713, 1.09 |            |
 * | minilm-l6-v2, 128 tokens  | 613, 1.06 | 1115, 1.06 | 1788, 1.06 |
 *
 * Making the training, before the first step, took 540 MiB for mobilenet-v2, 1020 for resnet50 and 580 for
 * minilm-l6-v2, which the pool keeps and steps use: it is what is seen at batch 4. Without the pool
 * (TF_ENABLE_ONEDNN_OPTS=0) mobilenet-v2 grows by 241, 576 and 1023 there (1.18, 1.17, 1.17), resnet50 by 614 at batch 4
 * (1.36), and minilm-l6-v2 by 491 and 939 (1.32, 1.26). BatchNorm by the batch, SGD: mobilenet-v2 1171 and 2113 at 16
 * and 32 (0.96, 1.01), resnet50 1716 at 16 (1.03). The last five blocks of mobilenet-v2: 906 at 64 (0.98), from the
 * boundary 467 at 128 (1.14).
 */
const FACTOR = 1.2;
/** JavaScript's heap after tracing, code and threads: the same mobilenet-v2 without the pool is 100 MiB above its tensors. */
const BESIDE_TENSORS = 100 * 2 ** 20;

/**
 * @param signature runs a step. @param variables bytes of what training holds between steps.
 */
export function stepMemory(graph: Graph, signature: Signature, variables: number): StepMemory {
  const { fixed, perExample } = tensorMemory(graph, signature);
  return { fixed: BESIDE_TENSORS + FACTOR * (variables + fixed), perExample: FACTOR * perExample };
}

/**
 * What the tensors of a call take if its nodes run one after another, those that it is fed included.
 * @returns exact for one example, and not less for more; nearly exact for many.
 */
export function tensorMemory(graph: Graph, signature: Signature): StepMemory {
  const lives = livesOf(graph, signature);
  // The peak of a few examples may be where what is fixed is large: only that of many grows as all larger ones do.
  const perExample = peakBytes(lives, MANY_EXAMPLES) - peakBytes(lives, MANY_EXAMPLES - 1);
  return { fixed: peakBytes(lives, 1) - perExample, perExample };
}

/** The most bytes that are there at one time. */
function peakBytes(lives: readonly Life[], examples: number): number {
  const changes: number[] = [];
  const change = (place: number, bytes: number) => {
    changes[place] = (changes[place] ?? 0) + bytes;
  };
  for (const { info, from, to } of lives) {
    const bytes = bytesOf(info, examples);
    change(from, bytes);
    change(to + 1, -bytes);
  }
  let [now, most] = [0, 0];
  changes.forEach((bytes) => {
    now += bytes;
    most = Math.max(most, now);
  });
  return most;
}

function bytesOf({ dtype, shape, batches = [], traced }: OutputInfo, examples: number): number {
  const count = (sizes: readonly number[]) =>
    sizes.reduce((product, size) => product * size, BYTES.get(dtype) ?? 0);
  if (traced === undefined) return count(shape);
  // An axis that is open in another way is a length. Where no other axis follows the batch, it may be examples times
  // lengths, and is taken for that.
  const open = batches.some((times) => times === undefined) ? 1 : 0;
  const following = batches.filter((times) => times !== undefined && times > 0).length || open;
  return count(traced.shape) * (examples / traced.batch) ** following;
}

/** Of each tensor that a signature makes or is fed; what is fed stays its caller's. */
function livesOf(graph: Graph, { inputs, outputs }: Signature): Life[] {
  const fed = new Set(inputs.map(({ edge }) => edge.node));
  const order = orderOf(
    graph,
    fed,
    outputs.map(({ edge }) => edge.node),
  );
  const lives = new Map<string, Life>();
  order.forEach((node, place) => {
    const { name, op } = node;
    const read = fed.has(name) ? [] : node.inputs.map((edge) => lives.get(tensorName(edge)));
    for (const life of read) if (life !== undefined) life.to = Math.max(life.to, place);
    if (STANDING.has(op)) return;
    const [shared] = SHARING.has(op) ? read : [];
    node.outputs.forEach((info, output) => {
      const own = { info, from: place, to: fed.has(name) ? order.length : place };
      lives.set(tensorName({ node: name, output }), shared ?? own);
    });
  });
  return [...new Set(lives.values())];
}

/**
 * Nodes as TensorFlow takes them: each as soon as what it waits for has run, not when it is needed. So what the backward
 * pass computes of the forward pass alone (where an activation was cut off) is there from the way forward on.
 */
function orderOf(graph: Graph, fed: ReadonlySet<string>, ends: readonly string[]): GraphNode[] {
  const waitsFor = ({ name, inputs, controls = [] }: GraphNode) =>
    fed.has(name) ? [] : [...new Set([...inputs.map(({ node }) => node), ...controls])];
  const needed = new Set(ends);
  for (const name of needed) for (const before of waitsFor(graph.node(name))) needed.add(before);
  const missing = new Map<string, number>();
  const waiting = new Map<string, GraphNode[]>();
  const order: GraphNode[] = [];
  for (const node of graph.nodes.values()) {
    if (!needed.has(node.name)) continue;
    const before = waitsFor(node);
    missing.set(node.name, before.length);
    if (before.length === 0) order.push(node);
    for (const name of before) {
      const list = waiting.get(name);
      if (list === undefined) waiting.set(name, [node]);
      else list.push(node);
    }
  }
  // Grows while it is gone through.
  for (const { name } of order) {
    for (const node of waiting.get(name) ?? []) {
      const left = (missing.get(node.name) ?? 0) - 1;
      missing.set(node.name, left);
      if (left === 0) order.push(node);
    }
  }
  return order;
}
