/**
 * TensorFlow.js's own executor of a graph, under our names of inputs and outputs and with our weights. Its `GraphModel`
 * declares no way to hand it tensors, or to tell it that one was replaced: what is used of its inside stands here.
 */
import { ZooError } from '../../core/errors.js';
import { malformed } from '../../registry/describe/description.js';
import { type NamedTensorMap, type Tensor, tf } from '../../runtime/tensorflow.js';
import { borrowMissingKernels } from '../borrowed-kernels.js';
import type { TfjsModel } from '../tfjs-model.js';
import { type GraphDefinition, type RawGraph, readGraph } from './graph-definition.js';
import type { Reach } from './reach.js';
import { registerTensorLists } from './tensor-lists.js';

type WeightMap = Record<string, Tensor[]>;

interface MappedNode {
  op: string;
  /** Left out for an operation that TensorFlow.js does not know. */
  readonly category?: string | undefined;
}
interface MappedGraph {
  readonly nodes: Readonly<Record<string, MappedNode>>;
  readonly functions?: Readonly<Record<string, MappedGraph>>;
}
interface Inside {
  readonly graph: MappedGraph;
  /** Setting it makes the executor take down which tensors it must not free. */
  weightMap: WeightMap;
}

const TABLE_OPS = /^(HashTable|LookupTable|InitializeTable)/;

export class Executor {
  readonly #model: ReturnType<typeof tf.loadGraphModelSync>;
  readonly #inside: Inside;

  /** @param initializing names of the constants that its tables are filled with. */
  private constructor(
    model: ReturnType<typeof tf.loadGraphModelSync>,
    readonly initializing: ReadonlySet<string>,
  ) {
    this.#model = model;
    this.#inside = insideOf(model);
    // What is given was checked before. TensorFlow.js takes the type of what a node reads for that of what it gives, and
    // would refuse the places that a Where has found.
    Reflect.set(this.#inside, 'checkInputShapeAndType', () => undefined);
  }

  /** @throws ZooError `INTEGRITY` for a graph that TensorFlow.js can't take in. */
  static create(model: TfjsModel, graph: RawGraph): Executor {
    borrowMissingKernels();
    registerTensorLists();
    const usesTables = graph.node.some((node) => TABLE_OPS.test(node.op));
    const initializer = usesTables ? model.initializer : undefined;
    const resources = resourceInputs(model.signature);
    // Without the signature, nodes go by their own names: one may carry the signature's name of another.
    const artifacts = {
      format: 'graph-model',
      modelTopology: { versions: {}, ...structuredClone(graph) },
      weightSpecs: [],
      weightData: new ArrayBuffer(0),
      ...(resources ? { signature: { inputs: resources, outputs: {} } } : {}),
      ...(initializer ? { modelInitializer: structuredClone(initializer) } : {}),
      ...(initializer && model.initializerSignature
        ? { initializerSignature: model.initializerSignature }
        : {}),
    };
    try {
      const filling = initializer === undefined ? undefined : readGraph(initializer, model.file.path);
      const constants = [...(filling?.nodes.values() ?? [])].filter(({ op }) => op === 'Const');
      return new Executor(
        tf.loadGraphModelSync({ load: () => artifacts }),
        new Set(constants.map(({ name }) => name)),
      );
    } catch (cause) {
      if (cause instanceof ZooError) throw cause;
      throw malformed(model.file.path, `its graph can't be read: ${messageOf(cause)}`);
    }
  }

  /** Operations among the needed nodes that TensorFlow.js does not know. */
  unknownOperations(graph: GraphDefinition, { nodes, functions }: Reach): string[] {
    const { graph: mapped } = this.#inside;
    const unknown = new Set<string>();
    const look = (node: MappedNode | undefined) => {
      if (node !== undefined && node.category === undefined) unknown.add(node.op);
    };
    for (const name of nodes) look(mapped.nodes[name]);
    for (const name of functions) {
      for (const node of graph.functions.get(name) ?? []) look(mapped.functions?.[name]?.nodes[node.name]);
    }
    return [...unknown].toSorted();
  }

  /** The live weights, to look at. Change them by `setWeights`. */
  setWeights(weights: ReadonlyMap<string, Tensor>): void {
    const map = this.#inside.weightMap;
    for (const name of Object.keys(map)) delete map[name];
    for (const [name, tensor] of weights) map[name] = [tensor];
    this.#inside.weightMap = map;
  }

  execute(inputs: NamedTensorMap, outputs: readonly string[]): Tensor[] {
    const result = this.#asInputs(Object.keys(inputs), () => this.#model.execute(inputs, [...outputs]));
    return Array.isArray(result) ? result : [result];
  }

  /** TensorFlow.js wants to wait for a node that decides a shape, also where its value is given. */
  #asInputs<T>(names: readonly string[], f: () => T): T {
    const given = names.flatMap((name) => this.#inside.graph.nodes[name] ?? []);
    const operations = given.map(({ op }) => op);
    try {
      for (const node of given) node.op = 'Placeholder';
      return f();
    } finally {
      given.forEach((node, index) => {
        node.op = operations[index] ?? node.op;
      });
    }
  }

  async executeAsync(inputs: NamedTensorMap, outputs: readonly string[]): Promise<Tensor[]> {
    const result = await this.#model.executeAsync(inputs, [...outputs]);
    return Array.isArray(result) ? result : [result];
  }

  /** Frees its tables. The weights stay with their owner. */
  dispose(): void {
    this.setWeights(new Map());
    this.#model.dispose();
  }
}

/** The first line of what went wrong, without what it was wrapped in. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return (text.split('\n')[0] ?? '').slice(0, 300);
}

function insideOf(model: object): Inside {
  const inside: unknown = Reflect.get(model, 'executor');
  if (isInside(inside)) return inside;
  throw new ZooError('NO_RUNTIME', 'This version of TensorFlow.js is not known', {
    expected: '4.22',
    found: tf.version.tfjs,
    hint: 'Install the runtime that neuralzoo was made for: zoo runtime install',
  });
}

function isInside(value: unknown): value is Inside {
  return typeof value === 'object' && value !== null && 'weightMap' in value && 'graph' in value;
}

/** Inputs that are tables rather than tensors: TensorFlow.js feeds them itself, by the signature. */
function resourceInputs(
  signature: unknown,
): Record<string, { name: string; resourceId: number }> | undefined {
  if (typeof signature !== 'object' || signature === null || !('inputs' in signature)) return undefined;
  const { inputs } = signature;
  if (typeof inputs !== 'object' || inputs === null) return undefined;
  const found: Record<string, { name: string; resourceId: number }> = {};
  for (const [key, value] of Object.entries(inputs)) {
    if (typeof value !== 'object' || value === null || !('resourceId' in value) || !('name' in value))
      continue;
    const { name, resourceId } = value;
    if (typeof name === 'string' && typeof resourceId === 'number') found[key] = { name, resourceId };
  }
  return Object.keys(found).length > 0 ? found : undefined;
}
