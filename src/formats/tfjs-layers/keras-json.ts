/** The JSON of Keras configurations, and what Keras 3 writes otherwise than Keras 2, whose form TensorFlow.js reads. */

export type Json = Readonly<Record<string, unknown>>;

/** An object with its own keys only; undefined for anything else. */
export function asRecord(value: unknown): Json | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value));
}

/**
 * The layers of a network; undefined for any other object, whatever its configuration looks like. Keras 2's oldest
 * form of a sequence has them in place of a configuration.
 */
export function networkLayers(network: Json | undefined): readonly unknown[] | undefined {
  const kind = network?.class_name;
  if (kind !== 'Sequential' && kind !== 'Model' && kind !== 'Functional') return undefined;
  if (kind === 'Sequential' && Array.isArray(network?.config)) return network.config;
  const layers = asRecord(network?.config)?.layers;
  return Array.isArray(layers) ? layers : undefined;
}

/** Keras 3 lists what a layer is called with as tensors with a history; Keras 2 lists the histories. */
export function olderNode(node: unknown, networks: ReadonlySet<string>): unknown {
  const args = asRecord(node)?.args;
  if (!Array.isArray(args)) return node;
  return args.flat().flatMap((argument) => {
    const history = asRecord(asRecord(argument)?.config)?.keras_history;
    return Array.isArray(history) ? [[...olderPlace(history, networks), {}]] : [];
  });
}

/** A layer, its call and its output. Keras 2 counts the making of a network as its first call, Keras 3 does not. */
function olderPlace(place: readonly unknown[], networks: ReadonlySet<string>): unknown[] {
  const [name, call, ...rest] = place;
  const isNetwork = typeof name === 'string' && networks.has(name) && typeof call === 'number';
  return [name, isNetwork ? call + 1 : call, ...rest];
}

/**
 * Inputs or outputs of a network. Keras 3 writes the place of a single one by itself, and of named ones under names.
 * @param config of the network whose they are.
 */
export function olderList(places: unknown, config: Json, networks: ReadonlySet<string>): unknown {
  const own = isKeras3(config) ? networks : new Set<string>();
  const named = asRecord(places);
  const list = named === undefined ? places : Object.values(named);
  if (!Array.isArray(list)) return places;
  const nested = typeof list[0] === 'string' ? [list] : list;
  return nested.map((place) => (Array.isArray(place) ? olderPlace(place, own) : place));
}

/** True for the configuration of a network whose layers say what they are called with as Keras 3 does. */
function isKeras3({ layers }: Json): boolean {
  if (!Array.isArray(layers)) return false;
  return layers.some((layer) => {
    const nodes = asRecord(layer)?.inbound_nodes;
    return Array.isArray(nodes) && Array.isArray(asRecord(nodes[0])?.args);
  });
}

/** Keras 3 writes a policy where Keras 2 wrote the name of a type. */
export function policyType(dtype: unknown): unknown {
  const name = asRecord(asRecord(dtype)?.config)?.name;
  const text = typeof name === 'string' ? name : dtype;
  return typeof text === 'string' && text.startsWith('mixed_') ? 'float32' : text;
}

/** Keras 3 writes the layer that runs forward under the name that TensorFlow.js makes for it. */
export function unprefixed(layer: unknown): unknown {
  const object = asRecord(layer);
  const config = asRecord(object?.config);
  if (typeof config?.name !== 'string') return layer;
  return { ...object, config: { ...config, name: config.name.replace(/^forward_/, '') } };
}
