/** Networks of which a part is frozen, each with something that a boundary has to get right. */
import { type Tensor, tf } from '../../../src/runtime/tensorflow.js';
import {
  asItIs,
  map,
  network,
  norm,
  normaliseAsStored,
  numbers,
  overTheMap,
  TINY_NETWORKS,
  type Tiny,
} from './tiny-networks.js';

export interface Frozen {
  readonly make: () => Tiny;
  /** What is trained of it, beside the head. */
  readonly trained: readonly string[];
  /** Sizes of the boundary. */
  readonly boundary: readonly (readonly number[])[];
}

const PICTURE = { name: 'x', shape: [null, 9, 9, 3], dtype: 'float32' } as const;

const convolve = (x: Tensor, kernel: Tensor | undefined, stride = 1) =>
  tf.conv2d(map(x), map(kernel ?? x), stride, 'same');

function tiny(layers: Parameters<typeof network>[1], width: number, pooling = overTheMap): Tiny {
  const made = network(PICTURE, layers);
  return {
    network: made,
    cut: layers.at(-1)?.name ?? '',
    width,
    trainable: [],
    pooling,
    inputs: (batch, k) => ({ x: numbers(k, batch, 9, 9, 3) }),
  };
}

const stem = [
  {
    name: 'stem',
    weights: { stem: { shape: [3, 3, 3, 4], k: 13 } },
    apply: (x: Tensor, [kernel]: readonly Tensor[]) => convolve(x, kernel, 2),
  },
  {
    name: 'stem.norm',
    weights: norm('stem.norm', 4),
    apply: (x: Tensor, p: readonly Tensor[]) => tf.relu6(normaliseAsStored(x, p, [])),
  },
];

/** The sum of what is frozen and of what was computed of it. */
function residual(): Tiny {
  return tiny(
    [
      ...stem,
      {
        name: 'main',
        weights: { main: { shape: [3, 3, 4, 4], k: 11 } },
        apply: (x, [kernel]) => convolve(x, kernel),
      },
      { name: 'main.norm', weights: norm('main.norm', 4), apply: normaliseAsStored },
      {
        name: 'sum',
        weights: {},
        from: ['stem.norm', 'main.norm'],
        apply: (x, _, [y]) => tf.relu(tf.add(x, y ?? x)),
      },
    ],
    4,
  );
}

/** Two branches of different sizes, one of which stays frozen further than the other. */
function branches(): Tiny {
  return tiny(
    [
      ...stem,
      {
        name: 'left',
        weights: { left: { shape: [1, 1, 4, 2], k: 7 } },
        apply: (x, [kernel]) => tf.relu(convolve(x, kernel)),
      },
      {
        name: 'right',
        weights: { right: { shape: [3, 3, 4, 3], k: 17 } },
        from: ['stem.norm'],
        apply: (x, [kernel]) => tf.relu(convolve(x, kernel, 2)),
      },
      {
        name: 'left.top',
        weights: { 'left.top': { shape: [3, 3, 2, 3], k: 5 } },
        from: ['left'],
        apply: (x, [kernel]) => convolve(x, kernel, 2),
      },
      {
        name: 'joined',
        weights: {},
        from: ['left.top', 'right'],
        apply: (x, _, [y]) => tf.concat([x, y ?? x], 3),
      },
      {
        name: 'last',
        weights: { last: { shape: [1, 1, 6, 5], k: 3 } },
        apply: (x, [kernel]) => convolve(x, kernel),
      },
    ],
    5,
  );
}

/** What trains reads the pictures themselves beside what is frozen. */
function beside(): Tiny {
  return tiny(
    [
      ...stem,
      {
        name: 'beside',
        weights: { beside: { shape: [3, 3, 3, 4], k: 11 } },
        from: ['x'],
        apply: (x, [kernel]) => convolve(x, kernel, 2),
      },
      {
        name: 'sum',
        weights: {},
        from: ['stem.norm', 'beside'],
        apply: (x, _, [y]) => tf.relu(tf.add(x, y ?? x)),
      },
    ],
    4,
  );
}

/** What trains reads what is frozen padded, flattened and counted, and a constant for each example. */
function spread(): Tiny {
  return tiny(
    [
      ...stem,
      {
        name: 'spread',
        weights: {},
        apply: (x) => {
          const [batch = 0] = x.shape;
          const wide = tf.pad(tf.relu(tf.sub(x, 0.25)), [
            [0, 0],
            [2, 2],
            [2, 2],
            [0, 3],
          ]);
          return tf.concat(
            [
              tf.reshape(wide, [batch, 81 * 7]),
              tf.ones([batch, 1]),
              tf.mean(wide, [1, 2], false).max(1, true),
            ],
            1,
          );
        },
      },
      {
        name: 'dense',
        weights: { dense: { shape: [81 * 7 + 2, 4], k: 7 } },
        apply: (x, [kernel]) =>
          tf.relu(tf.matMul(x.as2D(x.shape[0] ?? 0, 81 * 7 + 2), (kernel ?? x).as2D(81 * 7 + 2, 4))),
      },
    ],
    4,
    asItIs,
  );
}

const BEHIND_STEM = [5, 5, 4];

export const FROZEN: Readonly<Record<string, Frozen>> = {
  'the head alone': { make: TINY_NETWORKS.convolutions, trained: [], boundary: [[5]] },
  'layers behind a BatchNorm': {
    make: TINY_NETWORKS.convolutions,
    trained: ['by-channel', 'by-channel.norm.scale', 'by-channel.norm.offset', 'last', 'last.norm.offset'],
    boundary: [BEHIND_STEM],
  },
  'a residual across the boundary': {
    make: residual,
    trained: ['main', 'main.norm.scale'],
    boundary: [BEHIND_STEM],
  },
  'one of two branches': {
    make: branches,
    trained: ['left.top', 'last'],
    boundary: [
      [5, 5, 2],
      [3, 3, 3],
    ],
  },
  'two branches': { make: branches, trained: ['left', 'right'], boundary: [BEHIND_STEM] },
  'a layer that reads an input itself': {
    make: beside,
    trained: ['beside'],
    boundary: [[9, 9, 3], BEHIND_STEM],
  },
  'what spreads what is frozen': { make: spread, trained: ['dense'], boundary: [BEHIND_STEM] },
  'a part of a text network': {
    make: TINY_NETWORKS.attention,
    trained: ['intermediate.kernel', 'intermediate.bias'],
    boundary: [[7, 6]],
  },
};

/** Its frozen part subtracts the mean of the whole batch. */
export function mixing(): Tiny {
  return tiny(
    [
      ...stem,
      { name: 'mixed', weights: {}, apply: (x) => tf.mul(x, tf.exp(tf.mean(x, 0, true))) },
      {
        name: 'last',
        weights: { last: { shape: [1, 1, 4, 5], k: 3 } },
        apply: (x, [kernel]) => convolve(x, kernel),
      },
    ],
    5,
  );
}
