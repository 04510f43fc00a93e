/**
 * What of a network can be trained: which operations between its parameters and its outputs have no gradient, and from
 * which layer on everything trains. Found by running the network once under a gradient tape, so that it is what will
 * really happen, whatever format the network came from.
 */
import type { LayerInfo, Network, Parameter } from '../../formats/network.js';
import { isDynamic } from '../../formats/tfjs-graph/reach.js';
import { type NamedTensorMap, tf } from '../../runtime/tensorflow.js';
import { registerGradients } from './register-gradients.js';
import { recordTape, type Step, type Tape } from './tape.js';

/** An operation between parameters and outputs that gradients can't go through. */
export interface Obstacle {
  /** Name of the layer or node that does it. */
  readonly layer: string;
  readonly kind: string;
  /** TensorFlow.js's name of the operation. */
  readonly operation: string;
  /** Names of the parameters that it cuts off from the outputs. */
  readonly parameters: readonly string[];
}

export interface Trainability {
  /**
   * Nodes whose values `run` must compute for each batch, to be given to `forward` beside the inputs: no gradient goes
   * through them. Empty where the network is synchronous.
   */
  readonly given: readonly string[];
  /** In the order of the forward pass. */
  readonly obstacles: readonly Obstacle[];
  /** The earliest layer from which on everything trains: what is before it is frozen. Undefined where nothing trains. */
  readonly from: string | undefined;
  /** Names of the parameters that train from there on, in the network's order. */
  readonly parameters: readonly string[];
  /** Names of those that do not: behind obstacles or given nodes as seen from the outputs, or read by no output. */
  readonly frozen: readonly string[];
}

/**
 * Runs the network once forward; it stays as it is.
 * @param inputs by name, one example is enough. They stay the caller's.
 * @throws ZooError `DATA` when the network can't be run on them.
 */
export async function findTrainable(network: Network, inputs: NamedTensorMap): Promise<Trainability> {
  registerGradients();
  const waiting = network.synchronous ? [] : network.layers.filter(waits);
  const cut = waiting.filter((layer) => layer.cut).map(({ name }) => name);
  const values = cut.length === 0 ? [] : await network.run(inputs, cut);
  try {
    const given = cut.flatMap((name, index) => {
      const value = values[index];
      return value === undefined ? [] : [{ name, value }];
    });
    const feeds = { ...inputs, ...Object.fromEntries(given.map(({ name, value }) => [name, value])) };
    const computed = network.layers.filter((layer) => layer.cut && !waiting.includes(layer));
    const tape = recordTape(network, feeds, computed);
    const needed = leadingTo(tape);
    return {
      given: given.filter(({ value }) => needed.has(value.id)).map(({ name }) => name),
      ...trainedPart(network, tape, needed),
    };
  } finally {
    tf.dispose(values);
  }
}

/** Layers of a graph whose result TensorFlow.js has to wait for. */
function waits({ name, kind }: LayerInfo): boolean {
  return isDynamic({ name, op: kind, inputs: [], data: 0, attributes: {}, calls: [] });
}

/** Tensors that outputs are computed from, outputs included. */
function leadingTo({ steps, outputs }: Tape): Set<number> {
  const needed = new Set(outputs);
  for (const { gives, reads } of steps.toReversed()) {
    if (!gives.some((id) => needed.has(id))) continue;
    for (const id of reads) needed.add(id);
  }
  return needed;
}

function trainedPart(network: Network, tape: Tape, needed: ReadonlySet<number>): Omit<Trainability, 'given'> {
  const trainable = [...network.parameters.values()].filter((parameter) => parameter.trainable);
  const ways = new Map(trainable.map((parameter) => [parameter.name, wayOf(parameter, tape, needed)]));
  const isBlocked = (name: string) => ways.get(name)?.some(({ hasGradient }) => !hasGradient) === true;
  const reaches = (name: string) => (ways.get(name)?.length ?? 0) > 0;
  const places = new Map<string, number>();
  network.layers.forEach(({ parameters }, index) => {
    for (const name of parameters) if (!places.has(name)) places.set(name, index);
  });
  const placeOf = (name: string) => places.get(name) ?? -1;
  const names = trainable.map(({ name }) => name);
  const lastBlocked = Math.max(-1, ...names.filter(isBlocked).map(placeOf));
  const parameters = names.filter((name) => reaches(name) && placeOf(name) > lastBlocked);
  const first = Math.min(...parameters.map(placeOf));
  return {
    obstacles: obstaclesOn(ways, tape, network.layers),
    from: network.layers[first]?.name,
    parameters,
    frozen: names.filter((name) => !parameters.includes(name)),
  };
}

/** The steps from a parameter to the outputs. */
function wayOf({ value }: Parameter, { steps }: Tape, needed: ReadonlySet<number>): Step[] {
  const changed = new Set([value.id]);
  return steps.filter(({ reads, gives }) => {
    const isOnIt = gives.some((id) => needed.has(id)) && [...reads].some((id) => changed.has(id));
    if (isOnIt) for (const id of gives) changed.add(id);
    return isOnIt;
  });
}

function obstaclesOn(
  ways: ReadonlyMap<string, readonly Step[]>,
  { steps, layerOf }: Tape,
  layers: readonly LayerInfo[],
): Obstacle[] {
  const kinds = new Map(layers.map(({ name, kind }) => [name, kind]));
  return steps
    .filter(({ hasGradient }) => !hasGradient)
    .map((step) => {
      const layer = layerOf.get(step) ?? '';
      const parameters = [...ways].filter(([, way]) => way.includes(step)).map(([name]) => name);
      return { layer, kind: kinds.get(layer) ?? '', operation: step.operation, parameters };
    })
    .filter(({ parameters }) => parameters.length > 0);
}
