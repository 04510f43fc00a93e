/**
 * Whether the layers of a network can be called one after the other. TensorFlow.js 4.22 tries again and again until
 * every layer has what it is called with, and so for ever where a layer is missing, or two wait for each other.
 */
import { malformed } from '../../registry/describe/description.js';
import { asRecord, networkLayers } from './keras-json.js';

interface Call {
  readonly layer: string;
  readonly places: readonly { readonly layer: string; readonly call: number }[];
}

/**
 * @param layers of a network, with their `inbound_nodes` in the form of Keras 2.
 * @throws ZooError `INTEGRITY` unless all calls can be made.
 */
export function checkCallOrder(layers: readonly unknown[], path: string): void {
  /** Calls made so far, by layer. */
  const made = new Map<string, number>();
  let waiting: Call[] = [];
  for (const each of layers) {
    const layer = asRecord(each);
    const { name, class_name: kind, config } = layer ?? {};
    // TensorFlow.js asks for a layer by the one name and keeps it under the other.
    if (typeof name !== 'string' || asRecord(config)?.name !== name) {
      throw malformed(path, 'a layer has no name, or two');
    }
    if (made.has(name)) throw malformed(path, 'two layers have one name', undefined, name.slice(0, 100));
    // Inputs, and networks that are layers, come into being with a first call.
    const isMade = kind === 'InputLayer' || (networkLayers(layer)?.length ?? 0) > 0;
    made.set(name, isMade ? 1 : 0);
    for (const node of Array.isArray(layer?.inbound_nodes) ? layer.inbound_nodes : []) {
      waiting.push({ layer: name, places: placesOf(node, path) });
    }
  }
  for (let before = -1; waiting.length > 0 && waiting.length !== before; ) {
    before = waiting.length;
    waiting = waiting.filter(({ layer, places }) => {
      if (places.some((place) => (made.get(place.layer) ?? 0) <= place.call)) return true;
      // A call with nothing is none.
      if (places.length > 0) made.set(layer, (made.get(layer) ?? 0) + 1);
      return false;
    });
  }
  const [first] = waiting;
  if (first === undefined) return;
  const missing = first.places.find((place) => (made.get(place.layer) ?? 0) <= place.call);
  throw malformed(
    path,
    `its layer ${first.layer.slice(0, 100)} waits for ever`,
    missing?.layer.slice(0, 100),
  );
}

function placesOf(node: unknown, path: string): Call['places'] {
  if (!Array.isArray(node)) throw malformed(path, 'a layer does not say what it is called with');
  return node.map((place) => {
    const [layer, call, output] = Array.isArray(place) ? place : [];
    if (typeof layer !== 'string' || !isCount(call) || !isCount(output)) {
      throw malformed(path, 'a layer does not say what it is called with');
    }
    return { layer, call };
  });
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
