/** Opens a TensorFlow.js graph model: a frozen TensorFlow graph with its constants in files beside it. */
import { ZooError } from '../../core/errors.js';
import type { Card } from '../../registry/card.js';
import { malformed } from '../../registry/describe/description.js';
import type { Tensor } from '../../runtime/tensorflow.js';
import type { Network } from '../network.js';
import { readTfjsModel, type TfjsModel } from '../tfjs-model.js';
import { readTfjsWeights, weightTensor } from '../tfjs-weights.js';
import { Executor } from './executor.js';
import { readGraph } from './graph-definition.js';
import { GraphNetwork } from './graph-network.js';
import { storedShape } from './node-shapes.js';
import { reach } from './reach.js';
import { readSignature } from './signature.js';

/**
 * @param folder with the model.json and the weight files; the card says which file is the topology.
 * @throws ZooError `INTEGRITY` for malformed files, `DATA` for operations that TensorFlow.js does not know (all are
 * named, before weights are read), `NO_RUNTIME`.
 */
export async function openTfjsGraph(folder: string, card: Card): Promise<Network> {
  const model = await readTfjsModel(folder, card);
  const { path } = model.file;
  const graph = readGraph(model.topology, path);
  const signature = readSignature(graph, model.signature, storedShape, path);
  const executor = Executor.create(model, graph.raw);
  const weights = new Map<string, Tensor>();
  try {
    const outputs = signature.outputs.map(({ name }) => name.replace(/:\d+$/, ''));
    refuseUnknown(executor.unknownOperations(graph, reach(graph, outputs)), card);
    const { constants } = reach(graph, graph.nodes.keys());
    const wanted = new Set([...constants, ...executor.initializing]);
    requireAll(wanted, model);
    // Constants that no node reads are passed over: they were for nodes that the converter has dropped.
    for await (const weight of readTfjsWeights(model, ({ name }) => wanted.has(name))) {
      weights.set(weight.name, weightTensor(weight));
    }
    return new GraphNetwork(model, graph, executor, weights, card);
  } catch (error) {
    executor.dispose();
    for (const tensor of weights.values()) tensor.dispose();
    throw error;
  }
}

function refuseUnknown(operations: readonly string[], card: Card): void {
  if (operations.length === 0) return;
  throw new ZooError('DATA', `${card.name} needs operations that TensorFlow.js does not have`, {
    expected: 'operations that TensorFlow.js has',
    found: operations.join(', ').slice(0, 1000),
  });
}

function requireAll(constants: ReadonlySet<string>, model: TfjsModel): void {
  const present = new Set(model.groups.flatMap((group) => group.weights.map(({ name }) => name)));
  const missing = [...constants].filter((name) => !present.has(name));
  if (missing.length === 0) return;
  throw malformed(
    model.file.path,
    `${missing.length} constants of its graph are in no weight file`,
    undefined,
    missing.slice(0, 5).join(', ').slice(0, 300),
  );
}
