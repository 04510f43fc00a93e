/**
 * Tracing: a computation runs once on real tensors, and every native operation that it calls is written down as a node
 * of a graph, with the very attributes that the operation got.
 */
import { type Tensor, tf } from '../runtime/tensorflow.js';
import { completeAttributes, readAttribute } from './attributes.js';
import {
  type Binding,
  type NativeAttribute,
  type NativeBackend,
  type NativeTensor,
  nativeBackend,
} from './binding.js';
import { type Attribute, DT } from './graph.js';
import { untraceable } from './untraceable.js';

/** An input of the traced computation. */
export interface TraceInput {
  readonly name: string;
  readonly tensor: Tensor;
}

interface TracedOutput {
  readonly dtype: number;
  readonly shape: readonly number[];
}

/** What was called, in this order. Sources are nodes too: `Placeholder` and `Const`. */
export interface TracedNode {
  readonly op: string;
  readonly inputs: readonly TracedEdge[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: readonly TracedOutput[];
  /** True where its value changes with the inputs, or from run to run. */
  readonly varies: boolean;
  /** Of a constant: its value, owned by the trace, and the id that it had when it was first read. */
  readonly constant?: { readonly value: Tensor; readonly id: number };
}

/** By position in `Trace.nodes`. */
export interface TracedEdge {
  readonly index: number;
  readonly output: number;
}

export interface Trace {
  readonly nodes: readonly TracedNode[];
  readonly inputs: readonly { readonly name: string; readonly index: number }[];
  readonly outputs: readonly TracedEdge[];
  /** Frees the constants, but those that were taken out by `takeConstants`. */
  dispose(): void;
}

const RANDOM = /^(Random|StatelessRandom|TruncatedNormal|ParameterizedTruncated|Multinomial)/;

/** Kernels of tfjs-node that read an input to check it, which the operation of the graph does again by itself. */
const CHECKING_KERNELS = ['GatherV2'] as const;
const CONSTANT_TYPES: readonly number[] = [DT.float32, DT.int32, DT.bool, DT.complex64];

/** True for an operation whose value is another at every run. */
export function isRandom(op: string): boolean {
  return RANDOM.test(op);
}

let tracing = false;

/**
 * Runs `f` and writes down what it does. Tensors that were there before are constants of the trace; so are those made
 * of JavaScript's numbers on the way.
 * @param f synchronous; may tidy and dispose as it likes. What it returns is disposed.
 * @throws ZooError `DATA` when it reads a value that depends on the inputs (it would be frozen into the graph), is
 * asynchronous, or works on strings; and whatever `f` throws.
 */
export function trace(
  f: (inputs: readonly Tensor[]) => readonly Tensor[],
  inputs: readonly TraceInput[],
): Trace {
  if (tracing) throw untraceable('another one is being traced');
  const backend = nativeBackend();
  const { binding } = backend;
  const ids = backend.getInputTensorIds(inputs.map(({ tensor }) => tensor));
  const recorder = new Recorder(backend);
  const endChecks = allowChecks(recorder);
  tracing = true;
  try {
    inputs.forEach(({ tensor }, position) => {
      recorder.placeholder(ids[position] ?? -1, tensor);
    });
    backend.binding = recorder.wrapped();
    const outputs: TracedEdge[] = [];
    tf.tidy(() => {
      const results: unknown = f(inputs.map(({ tensor }) => tensor));
      if (!isTensors(results)) {
        // What an asynchronous computation comes to is nobody's concern any more.
        void Promise.resolve(results).catch(() => {});
        throw untraceable('it does not give tensors at once');
      }
      outputs.push(...backend.getInputTensorIds(results).map((id) => recorder.edge(id)));
    });
    return {
      nodes: recorder.nodes,
      inputs: inputs.map(({ name }, index) => ({ name, index })),
      outputs,
      dispose: () => recorder.dispose(),
    };
  } catch (error) {
    recorder.dispose();
    throw error;
  } finally {
    backend.binding = binding;
    endChecks();
    tracing = false;
  }
}

function isTensors(value: unknown): value is Tensor[] {
  return Array.isArray(value) && value.every((item) => item instanceof tf.Tensor);
}

/**
 * While it lasts, kernels that only check their inputs may read them.
 * @returns how to end it.
 */
function allowChecks(recorder: Recorder): () => void {
  const undo = CHECKING_KERNELS.map((name) => {
    const kernel = tf.getKernel(name, 'tensorflow');
    const original = kernel?.kernelFunc;
    if (kernel === undefined || original === undefined) return () => {};
    kernel.kernelFunc = (...given) => recorder.whileChecking(() => original(...given));
    return () => {
      kernel.kernelFunc = original;
    };
  });
  return () => {
    for (const each of undo) each();
  };
}

class Recorder {
  readonly nodes: TracedNode[] = [];
  readonly #edges = new Map<number, TracedEdge>();
  readonly #backend: NativeBackend;
  readonly #binding: Binding;
  #checking = 0;

  constructor(backend: NativeBackend) {
    this.#backend = backend;
    this.#binding = backend.binding;
  }

  whileChecking<T>(f: () => T): T {
    this.#checking += 1;
    try {
      return f();
    } finally {
      this.#checking -= 1;
    }
  }

  placeholder(id: number, { dtype, shape }: Tensor): void {
    if (dtype === 'string') throw untraceable('it takes strings');
    const type = DT[dtype];
    if (this.#edges.has(id)) throw untraceable('an input is given twice');
    this.#push(
      {
        op: 'Placeholder',
        inputs: [],
        attributes: { dtype: { kind: 'type', value: type } },
        outputs: [{ dtype: type, shape }],
        varies: true,
      },
      [id],
    );
  }

  /** The binding while it lasts. Ids are never given twice, so that whatever is disposed confuses nothing. */
  wrapped(): Binding {
    const own: Pick<Binding, 'executeOp' | 'tensorDataSync'> = {
      executeOp: (op, attributes, inputs, outputs) => this.#execute(op, attributes, inputs, outputs),
      tensorDataSync: (id) => {
        const edge = this.#edges.get(id);
        const node = edge && this.nodes[edge.index];
        if (node?.varies && this.#checking === 0) {
          throw untraceable('it reads the value of a tensor', `the output of ${node.op}`);
        }
        return this.#binding.tensorDataSync(id);
      },
    };
    // The binding's own functions can't be overwritten; what is not wrapped is found behind them.
    return Object.create(this.#binding, Object.getOwnPropertyDescriptors(own));
  }

  #execute(
    op: string,
    given: readonly NativeAttribute[],
    inputs: readonly number[],
    count: number,
  ): NativeTensor[] {
    if (given.some(({ name, value }) => name.startsWith('T') && value === DT.string)) {
      throw untraceable('it works on strings', op);
    }
    // Sources first, while they are sure to be there.
    const edges = inputs.map((id) => this.edge(id));
    const results = this.#binding.executeOp(op, given, inputs, count);
    const attributes: Record<string, Attribute> = {};
    for (const each of given) {
      const read = readAttribute(each);
      if (read === undefined)
        throw untraceable('an attribute is of a kind that graphs do not have', `${op}.${each.name}`);
      attributes[each.name] = read;
    }
    const [first] = edges;
    const firstType = first && this.nodes[first.index]?.outputs[first.output]?.dtype;
    this.#push(
      {
        op,
        inputs: edges,
        attributes: completeAttributes(op, attributes, firstType),
        outputs: results.map(({ dtype, shape }) => ({ dtype, shape: [...shape] })),
        varies: isRandom(op) || edges.some(({ index }) => this.nodes[index]?.varies),
      },
      results.map(({ id }) => id),
    );
    return results;
  }

  /** The node that made a tensor; a constant where none did. */
  edge(id: number): TracedEdge {
    const known = this.#edges.get(id);
    if (known !== undefined) return known;
    // A handle of our own on the same memory, which lives on when the computation disposes its tensor.
    const [handle] = this.#binding.executeOp('Identity', [], [id], 1);
    if (handle === undefined) throw untraceable('a constant is not there');
    const { dtype, shape } = handle;
    if (!CONSTANT_TYPES.includes(dtype)) {
      // The binding frees the letters of strings with any handle on them.
      if (dtype !== DT.string) this.#binding.deleteTensor(handle.id);
      throw untraceable('it works on strings or other tensors without numbers', `type ${dtype}`);
    }
    const value = tf.keep(this.#backend.createOutputTensor(handle));
    const [edge] = this.#push(
      {
        op: 'Const',
        inputs: [],
        attributes: {},
        outputs: [{ dtype, shape: [...shape] }],
        varies: false,
        constant: { value, id },
      },
      [id],
    );
    if (edge === undefined) throw untraceable('a constant is not there');
    return edge;
  }

  #push(node: TracedNode, ids: readonly number[]): TracedEdge[] {
    const index = this.nodes.push(node) - 1;
    return ids.map((id, output) => {
      const edge = { index, output };
      this.#edges.set(id, edge);
      return edge;
    });
  }

  dispose(): void {
    for (const { constant } of this.nodes) constant?.value.dispose();
  }
}
