/** Where a network is cut: what is named, what its card says, or in front of its last layer with weights. */
import { BERT_CUTS } from '../architectures/bert.js';
import { findCut } from '../architectures/cut-names.js';
import { ZooError } from '../core/errors.js';
import type { Network } from '../formats/network.js';
import { unknownCut } from '../formats/unknown-name.js';
import type { Card } from '../registry/card.js';

export interface Cut {
  /** Layer or node whose output is the features. */
  readonly layer: string;
  /** `named`: by the caller; `card`: by its `features` entry; `rule`: in front of the last layer with weights. */
  readonly by: 'named' | 'card' | 'rule';
}

/**
 * @param named layer or node that was asked for.
 * @throws ZooError `NOT_FOUND` for a name that is no cut, with the nearest ones; `DATA` when a rule finds none.
 */
export function chooseCut(network: Network, card: Card, named?: string): Cut {
  if (named !== undefined) return { layer: namedCut(network, named), by: 'named' };
  const { features } = card;
  if (features === undefined) return { layer: beforeLastWeights(network), by: 'rule' };
  return { layer: cardCut(network, features), by: 'card' };
}

/** The layer of the network's own output: what its card says, else its first output. */
export function chooseOutput(network: Network, card: Card): string {
  const named = card.output?.layer;
  return (named === undefined ? undefined : layerCalled(network, named)) ?? outputLayer(network);
}

function namedCut(network: Network, named: string): string {
  const found = layerCalled(network, named);
  if (found !== undefined) return found;
  const cuts = network.layers.flatMap((layer) => (layer.cut ? [layer.name] : []));
  throw unknownCut(named, cuts);
}

/** A card names a layer, or says in words that the network's own output is the features. */
function cardCut(network: Network, features: NonNullable<Card['features']>): string {
  const found = layerCalled(network, features.layer);
  if (found !== undefined) return found;
  if (features.head === undefined) return outputLayer(network);
  const head = network.layers.findIndex((layer) => layer.name === features.head);
  return head > 0 ? lastCutBefore(network, head) : beforeLastWeights(network);
}

/** By its name or that of its module, or by the words that cards have for what comes out of an encoder. */
function layerCalled(network: Network, name: string): string | undefined {
  const cuts = network.layers.filter((layer) => layer.cut);
  const words = Object.hasOwn(BERT_CUTS, name) ? BERT_CUTS[name] : undefined;
  return (findCut(cuts, name) ?? (words === undefined ? undefined : findCut(cuts, words)))?.name;
}

function outputLayer(network: Network): string {
  const [output] = network.outputs;
  const layer = output === undefined ? undefined : layerCalled(network, output.name);
  return layer ?? lastCutBefore(network, network.layers.length);
}

function beforeLastWeights(network: Network): string {
  return lastCutBefore(
    network,
    network.layers.findLastIndex((layer) => layer.parameters.length > 0),
  );
}

function lastCutBefore(network: Network, index: number): string {
  const layer = network.layers.slice(0, Math.max(index, 0)).findLast((candidate) => candidate.cut);
  if (layer === undefined) {
    throw new ZooError('DATA', 'This network has nothing in front of its output layer', {
      hint: 'Name the layer whose output is to be the features: zoo inspect lists them.',
    });
  }
  return layer.name;
}
