/** The dense layers of an untrained network as a head: what the training loop trains beside the body. */
import type { UntrainedNetwork } from '../../architectures/untrained/untrained.js';
import type { Network } from '../../formats/network.js';
import type { Weights } from '../../formats/weight.js';
import { tf } from '../../runtime/tensorflow.js';
import { classifier } from '../../transfer/heads/classifier.js';
import type { Head } from '../../transfer/heads/head.js';
import { float32 } from '../../transfer/heads/weight-data.js';

/** The head, and the layers' weights by the names that the head has for them. */
export interface ScratchHead {
  readonly head: Head;
  readonly start: Weights;
  /** Names in the network by names in the head. */
  readonly names: ReadonlyMap<string, string>;
}

/** @throws ZooError `DATA` for labels that make no classes. */
export async function scratchHead(
  untrained: UntrainedNetwork,
  network: Network,
  labels: readonly string[],
): Promise<ScratchHead> {
  const { hidden, output, bodyDropout } = untrained;
  const head = classifier({
    labels,
    scaling: 'none',
    ...(hidden === undefined ? {} : { hidden: hidden.units, dropout: hidden.dropout }),
  });
  const layers = [
    ...(hidden === undefined ? [] : [['hidden/', hidden.layer] as const]),
    ['', output] as const,
  ];
  const names = new Map(
    layers.flatMap(([prefix, layer]) =>
      ['kernel', 'bias'].map((part) => [`${prefix}${part}`, `${layer}/${part}`] as const),
    ),
  );
  const start = new Map(
    await Promise.all(
      [...names].map(async ([own, name]) => {
        const parameter = network.parameters.get(name);
        if (parameter === undefined) throw new RangeError(`the network has no ${name}`);
        return [own, float32(parameter.shape, await parameter.value.data<'float32'>())] as const;
      }),
    ),
  );
  return { head: droppingFeatures(head, bodyDropout), start, names };
}

/** Puts the trained values where they belong. */
export function assignHead(network: Network, names: ScratchHead['names'], trained: Weights): void {
  for (const [own, name] of names) {
    const weight = trained.get(own);
    if (weight === undefined) throw new RangeError(`the trained head has no ${own}`);
    network.assign(name, tf.tensor(weight.data, [...weight.shape], 'float32'));
  }
}

/** The same head, which drops a share of what it is given too, while it is trained. */
function droppingFeatures(head: Head, rate: number): Head {
  const { differentiable } = head;
  if (differentiable === undefined || rate === 0) return head;
  return {
    ...head,
    differentiable: {
      ...differentiable,
      drops: true,
      apply: (features, parameters, drop) =>
        tf.tidy(() => {
          const kept = drop === undefined ? features : drop(features, rate);
          const [rows, width] = features.shape;
          return differentiable.apply(kept.as2D(rows, width), parameters, drop);
        }),
    },
  };
}
