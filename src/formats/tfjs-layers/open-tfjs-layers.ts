/** Opens a TensorFlow.js layers model: a Keras network as JSON with its weights in files beside it. */
import type { Card } from '../../registry/card.js';
import type { Network } from '../network.js';
import { readTfjsModel } from '../tfjs-model.js';
import { buildLayers } from './build-layers.js';
import { LayersNetwork } from './layers-network.js';

/**
 * @param folder with the model.json and the weight files; the card says which file is the topology.
 * @throws ZooError `INTEGRITY` for malformed files, `DATA` for layers that TensorFlow.js does not have (all are named,
 * before weights are read), `NO_RUNTIME`.
 */
export async function openTfjsLayers(folder: string, card: Card): Promise<Network> {
  return new LayersNetwork(await buildLayers(await readTfjsModel(folder, card)));
}
