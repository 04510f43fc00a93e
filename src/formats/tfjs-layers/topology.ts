/**
 * The Keras configuration of a layers model, brought into the form that TensorFlow.js builds from: the newer form of
 * Keras 3 is turned into the older one, initialisers give way to one that only makes room for the weights of the file,
 * and what is for training from scratch (regularisers, constraints) is left out.
 */
import { ZooError } from '../../core/errors.js';
import { malformed } from '../../registry/describe/description.js';
import { type TensorFlow, tf } from '../../runtime/tensorflow.js';
import { checkCallOrder } from './call-order.js';
import {
  asRecord,
  type Json,
  networkLayers,
  olderList,
  olderNode,
  policyType,
  unprefixed,
} from './keras-json.js';
import type { Room } from './room.js';

/** Networks in networks, and configurations in configurations; more is a mistake or an attack. */
const MAX_DEPTH = 64;

/** What any layer may ask an initialiser for; a layer takes what it has and passes over the others. */
const INITIALIZERS = [
  'kernel_initializer',
  'bias_initializer',
  'recurrent_initializer',
  'depthwise_initializer',
  'pointwise_initializer',
  'embeddings_initializer',
  'alpha_initializer',
  'beta_initializer',
  'gamma_initializer',
  'moving_mean_initializer',
  'moving_variance_initializer',
];

/** What TensorFlow.js builds a network from. */
export type LayersConfig = Parameters<TensorFlow['models']['modelFromJSON']>[0];

/**
 * @param topology `modelTopology` of the model.json, as the converter or `LayersModel.save` writes it.
 * @param room where the weights' room is taken from.
 * @returns a configuration for `tf.models.modelFromJSON`.
 * @throws ZooError `INTEGRITY` when no network is described, `DATA` naming all layers that TensorFlow.js does not have.
 */
export function buildable(topology: Json, room: Room, path: string): LayersConfig {
  const network = networkOf(topology, path);
  const unknown = new Set<string>();
  const result = rewrite(network, 0, { room, path, unknown, networks: new Set() });
  if (unknown.size > 0) {
    throw new ZooError('DATA', 'The network has layers that TensorFlow.js does not have', {
      expected: 'layers of Keras that TensorFlow.js has',
      found: [...unknown].toSorted().join(', ').slice(0, 1000),
      hint: unknown.has('Lambda')
        ? 'A Lambda layer is code of its author, which is not run here.'
        : undefined,
    });
  }
  if (!isConfig(result)) throw malformed(path, 'its layers are not described');
  return result;
}

/** The converter puts the network into `model_config`, older ones as text. */
function networkOf(topology: Json, path: string): Json {
  let config: unknown = topology.model_config ?? topology;
  if (typeof config === 'string') {
    try {
      config = JSON.parse(config);
    } catch (cause) {
      throw new ZooError('INTEGRITY', `${path} is malformed: its model_config is not JSON`, { cause });
    }
  }
  const network = asRecord(config);
  if (network === undefined || networkLayers(network) === undefined)
    throw malformed(path, 'its layers are not described');
  return network;
}

interface Task {
  /** Names of networks among the layers of the network that is being rewritten. */
  readonly networks: ReadonlySet<string>;
  readonly room: Room;
  readonly path: string;
  readonly unknown: Set<string>;
}

/** Any value of the configuration; objects with a class name and a configuration are layers or what belongs to them. */
function rewrite(value: unknown, depth: number, task: Task): unknown {
  if (depth > MAX_DEPTH) throw malformed(task.path, 'its networks are nested too deep', MAX_DEPTH);
  if (Array.isArray(value)) return value.map((item) => rewrite(item, depth + 1, task));
  const object = asRecord(value);
  if (object === undefined) return value;
  const { class_name: name, config } = object;
  const layers = networkLayers(object);
  const inside = layers === undefined ? task : { ...task, networks: networksAmong(layers) };
  // TensorFlow.js writes `inboundNodes` for `inbound_nodes`, and would take that of a file for it; Keras writes none.
  const plain = Object.entries(object).filter(([key]) => !/[A-Z]|__|_$/.test(key));
  const entries = plain.map(([key, item]): [string, unknown] => {
    if (/_(regularizer|constraint)$/.test(key)) return [key, null];
    if (key === 'inbound_nodes' && Array.isArray(item)) {
      return [key, item.map((node) => olderNode(node, task.networks))];
    }
    if (key === 'output_layers' || key === 'input_layers') {
      return [key, olderList(item, object, task.networks)];
    }
    // Keras 3 writes a policy where Keras 2 wrote the name of a type.
    if (key === 'dtype') return [key, policyType(item)];
    if (key === 'batch_shape') return ['batch_input_shape', item];
    return [key, rewrite(item, depth + 1, key === 'config' ? inside : task)];
  });
  if (typeof name !== 'string' || !('config' in object)) return Object.fromEntries(entries);
  const isLayer = 'inbound_nodes' in object || layerClass(name) === true;
  if (layerClass(name) === undefined && (isLayer || looksLikeLayer(config))) task.unknown.add(name);
  const rewritten = Object.fromEntries(entries);
  if (layers !== undefined) {
    if (name !== 'Sequential') checkCallOrder(networkLayers(rewritten) ?? [], task.path);
    return rewritten;
  }
  if (!isLayer) return rewritten;
  const own = asRecord(rewritten.config) ?? {};
  const inner =
    name === 'Bidirectional' && 'module' in object ? { ...own, layer: unprefixed(own.layer) } : own;
  const stored = { class_name: task.room.initializer, config: task.room.config };
  // Separable convolutions have two kernels and refuse to be told of one.
  const taken = INITIALIZERS.filter((key) => !(name.startsWith('Separable') && key === 'kernel_initializer'));
  const initializers = taken.map((key): [string, unknown] => [key, stored]);
  return Object.fromEntries([...entries, ['config', { ...inner, ...Object.fromEntries(initializers) }]]);
}

/** True for a class of layers, false for another class, undefined for none that TensorFlow.js has. */
function layerClass(name: string): boolean | undefined {
  const classes = tf.serialization.SerializationMap.getMap().classNameMap;
  const entry = Object.hasOwn(classes, name) ? classes[name] : undefined;
  if (entry === undefined) return undefined;
  return entry[0].prototype instanceof tf.layers.Layer;
}

/** Layers have names; initialisers, regularisers and policies of types do not. */
function looksLikeLayer(config: unknown): boolean {
  const object = asRecord(config);
  return object !== undefined && typeof object.name === 'string' && 'trainable' in object;
}

function networksAmong(layers: readonly unknown[]): Set<string> {
  const networks = layers.map(asRecord).filter((layer) => networkLayers(layer) !== undefined);
  return new Set(networks.map((network) => network?.name).filter((name) => typeof name === 'string'));
}

/** What was parsed as JSON and is an object is what TensorFlow.js asks for. */
function isConfig(value: unknown): value is LayersConfig {
  return asRecord(value) !== undefined;
}
