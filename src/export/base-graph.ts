/** The graph of a network in the format tfjs-graph as its file has it, up to a cut, with a new head behind it. */
import type { Shape } from '../formats/network.js';
import {
  type GraphDefinition,
  nodeName,
  type RawGraph,
  readGraph,
} from '../formats/tfjs-graph/graph-definition.js';
import { storedShape } from '../formats/tfjs-graph/node-shapes.js';
import { findCut } from '../formats/tfjs-graph/plan-run.js';
import { reach } from '../formats/tfjs-graph/reach.js';
import { readSignature } from '../formats/tfjs-graph/signature.js';
import { readTfjsModel, type TfjsModel } from '../formats/tfjs-model.js';
import { readTfjsWeights, type StoredWeight, storedWeight } from '../formats/tfjs-weights.js';
import { attribute, DT, Graph } from '../graph/graph.js';
import type { DataType } from '../runtime/tensorflow.js';
import { addTail } from './add-tail.js';
import type { Exportable, Tail } from './exportable.js';
import { graphJson, shapeJson, tensorInfo } from './graph-json.js';
import { freeName, HEAD, OUTPUT } from './output-name.js';

export interface WrittenGraph {
  readonly modelTopology: object;
  readonly signature: object;
  readonly modelInitializer: object | undefined;
  readonly initializerSignature: object | undefined;
  readonly weights: readonly StoredWeight[];
  /** Node whose output is the features; undefined without a new head. */
  readonly features: string | undefined;
  /** Node that gives the answer; undefined where there are several. */
  readonly output: string | undefined;
}

/**
 * @param folder of the base.
 * @throws ZooError `INTEGRITY` for malformed files.
 */
export async function baseGraph(exportable: Exportable, folder: string): Promise<WrittenGraph> {
  const { base, tail } = exportable;
  const model = await readTfjsModel(folder, base);
  const { path } = model.file;
  const whole = readGraph(model.topology, path);
  const graph = tail === undefined ? whole : upTo(whole, tail.cut, path);
  const head = tail === undefined ? undefined : await headJson(graph, tail);
  const weights = [...(await weightsOf(exportable, model, graph)), ...(head?.weights ?? [])];
  const signature = signatureOf(model, whole, graph);
  const outputs = Object.values(signature.outputs);
  const [first] = outputs;
  return {
    modelTopology: { ...graph.raw, node: [...graph.raw.node, ...(head?.nodes ?? [])] },
    signature: { ...signature, ...(head === undefined ? {} : { outputs: head.outputs }) },
    modelInitializer: model.initializer,
    initializerSignature: model.initializerSignature,
    weights,
    features: head?.features,
    output: head?.output ?? (outputs.length === 1 ? first?.name.replace(/:0$/, '') : undefined),
  };
}

/** The needed nodes and functions alone. */
function upTo(whole: GraphDefinition, cut: string, path: string): GraphDefinition {
  const needed = reach(whole, [findCut(whole, cut).node.name]);
  const raw: RawGraph = {
    ...whole.raw,
    node: whole.raw.node.filter(({ name }) => needed.nodes.has(name)),
    library: {
      function: (whole.raw.library?.function ?? []).filter(({ signature }) =>
        needed.functions.has(signature.name),
      ),
    },
  };
  return readGraph(raw, path);
}

/** The constants that its nodes and tables need: as the network has them now, else as the file has them. */
async function weightsOf(
  { network }: Exportable,
  model: TfjsModel,
  graph: GraphDefinition,
): Promise<StoredWeight[]> {
  const { constants } = reach(graph, graph.nodes.keys());
  const tables =
    model.initializer === undefined ? [] : readGraph(model.initializer, model.file.path).nodes.keys();
  const wanted = new Set([...constants, ...tables]);
  const weights: StoredWeight[] = [];
  for await (const weight of readTfjsWeights(model, ({ name }) => wanted.has(name))) {
    const live = network.parameters.get(weight.name);
    weights.push(live === undefined ? weight : await storedWeight(weight.name, live.value));
  }
  return weights;
}

interface SignatureJson {
  readonly inputs: Readonly<Record<string, object>>;
  readonly outputs: Readonly<Record<string, { readonly name: string }>>;
}

/** That of the file, without inputs that are no longer read; made up where the file has none. */
function signatureOf(model: TfjsModel, whole: GraphDefinition, graph: GraphDefinition): SignatureJson {
  const { inputs, outputs } = readSignature(whole, model.signature, storedShape, model.file.path);
  const kept = Object.entries(stated(model.signature, 'inputs')).filter(([key, tensor]) =>
    graph.nodes.has(nodeName(nameIn(tensor) ?? key)),
  );
  const made = inputs.flatMap(({ name, dtype, shape }): [string, object][] =>
    graph.nodes.has(name) ? [[name, infoOf(name, dtype, shape)]] : [],
  );
  const named = Object.entries(stated(model.signature, 'outputs'));
  return {
    inputs: Object.fromEntries(kept.length > 0 ? kept : made),
    outputs: Object.fromEntries(
      named.length > 0
        ? named.map(([key, tensor]) => [key, { ...tensor, name: nameIn(tensor) ?? key }])
        : outputs.map(({ name, dtype, shape }) => [name, infoOf(name, dtype, shape)]),
    ),
  };
}

function stated(signature: unknown, part: 'inputs' | 'outputs'): Record<string, object> {
  const tensors: unknown =
    typeof signature === 'object' && signature !== null ? Reflect.get(signature, part) : undefined;
  if (typeof tensors !== 'object' || tensors === null) return {};
  return Object.fromEntries(
    Object.entries(tensors).filter((entry): entry is [string, object] => typeof entry[1] === 'object'),
  );
}

function nameIn(tensor: object): string | undefined {
  const name: unknown = Reflect.get(tensor, 'name');
  return typeof name === 'string' ? name : undefined;
}

const TYPES: Readonly<Record<DataType, string>> = {
  float32: 'DT_FLOAT',
  int32: 'DT_INT32',
  bool: 'DT_BOOL',
  string: 'DT_STRING',
  complex64: 'DT_COMPLEX64',
};

function infoOf(name: string, dtype: DataType, shape: Shape | undefined): { name: string } {
  const tensorShape =
    shape === undefined ? { unknownRank: true } : shapeJson(shape.map((size) => size ?? -1));
  const info = { name: /:\d+$/.test(name) ? name : `${name}:0`, dtype: TYPES[dtype], tensorShape };
  return info;
}

/** The nodes of the head, which read the cut and perhaps the mask. */
async function headJson(base: GraphDefinition, tail: Tail) {
  const graph = new Graph();
  try {
    const cut = placeholder(
      graph,
      DT.float32,
      tail.shape.map((size) => size ?? -1),
    );
    const mask = tail.mask === undefined ? undefined : placeholder(graph, DT.int32, [-1, -1]);
    const { features, scores } = addTail(graph, cut, tail, mask);
    const scope = freeName(HEAD, base.nodes.keys());
    const nameOf = (name: string) =>
      name === cut.node ? tail.cut : name === mask?.node ? (tail.mask ?? name) : `${scope}/${name}`;
    const without = new Set([cut.node, ...(mask === undefined ? [] : [mask.node])]);
    graph.inputs = [];
    graph.outputs = [{ name: OUTPUT, edge: scores }];
    const { nodes, weights } = await graphJson(graph, { nameOf, without });
    return {
      nodes,
      weights,
      outputs: { [OUTPUT]: tensorInfo(graph, scores, nameOf) },
      features: nameOf(features.node),
      output: nameOf(scores.node),
    };
  } finally {
    graph.dispose();
  }
}

function placeholder(graph: Graph, dtype: number, shape: readonly number[]) {
  return graph.add('Placeholder', {
    op: 'Placeholder',
    inputs: [],
    attributes: { dtype: attribute.type(dtype) },
    outputs: [{ dtype, shape }],
  });
}
