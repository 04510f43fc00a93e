/** What is exported: a network, or the part of one up to a cut with a new head. */
import type { Network, Shape } from '../formats/network.js';
import type { Card } from '../registry/card.js';
import type { FittedHead } from '../transfer/heads/fitted-head.js';
import type { Pooling } from '../transfer/pooling.js';
import type { Batch } from '../transfer/prepare/preparer.js';

export const EXPORT_FORMATS = ['tfjs-graph', 'tfjs-layers', 'saved-model', 'safetensors'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** What comes behind the cut. */
export interface Tail {
  /** Layer or node whose output is pooled to features. */
  readonly cut: string;
  /** What comes out there, rows first; null is any size. */
  readonly shape: Shape;
  readonly pooling: Pooling;
  /** Input that says which positions hold a token; undefined where all count. */
  readonly mask: string | undefined;
  /** Length of a feature vector. */
  readonly width: number;
  readonly fitted: FittedHead;
}

export interface Exportable {
  /** With the weights of this moment; stays the caller's. */
  readonly network: Network;
  /** Of the network in `folder`. */
  readonly base: Card;
  /** Where the files of `base` lie; undefined for a network in memory. */
  readonly folder: string | undefined;
  /** Card of what is exported: name, licence, input and output. Format and files are put in. */
  readonly about: Card;
  /** Undefined where the network is exported as it is. */
  readonly tail: Tail | undefined;
  /** Inputs that fit; whoever made this disposes them. */
  readonly example: Batch;
}

/** What the network has to compute: the cut, or its own outputs. */
export function cutsOf({ network, tail }: Pick<Exportable, 'network' | 'tail'>): readonly string[] {
  return tail === undefined ? network.outputs.map(({ name }) => name) : [tail.cut];
}
