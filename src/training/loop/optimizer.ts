/** How weights follow their gradients. Formulas and constants as TensorFlow and Keras have them. */
import { ZooError } from '../../core/errors.js';
import { slotNames as graphSlotNames } from '../../graph/training/optimizer.js';

export const OPTIMIZERS = ['adam', 'adamw', 'sgd'] as const;
export type OptimizerName = (typeof OPTIMIZERS)[number];

export type Optimizer =
  /** v = momentum v - rate g; w = w + v. */
  | { readonly kind: 'sgd'; readonly momentum: number }
  /** Kingma and Ba 2015 (arXiv 1412.6980), with epsilon as in the paper's last remark of section 2. */
  | { readonly kind: 'adam'; readonly beta1: number; readonly beta2: number; readonly epsilon: number }
  /** Loshchilov and Hutter 2019 (arXiv 1711.05101): before each step w = w - rate decay w, but for biases and norms. */
  | {
      readonly kind: 'adamw';
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly decay: number;
    };

const MOMENTUM = 0.9;
/** Keras's defaults. */
const MOMENTS = { beta1: 0.9, beta2: 0.999, epsilon: 1e-7 };
/** Keras's default for AdamW. */
const DECAY = 0.004;

/**
 * Learning rates for pretrained weights behind a head that fits already. For Adam the best of 3e-5, 1e-4, 3e-4 and 1e-3 over
 * digits with MobileNetV2 and sentences with MiniLM, and better than 1e-4 by 10 points on spoken digits with Resemblyzer
 * (docs/results.md).
 */
export const DEFAULT_RATES: Readonly<Record<OptimizerName, number>> = { adam: 3e-4, adamw: 3e-4, sgd: 1e-3 };

/** Whether AdamW pulls a parameter towards 0: not biases and the scales of normalisation, which are vectors. */
export function decays(shape: readonly number[]): boolean {
  return shape.length > 1;
}

/** Names of what an optimiser remembers of each parameter, the same in both ways of training. */
export function slotNames(optimizer: Optimizer): readonly string[] {
  return graphSlotNames(optimizer.kind === 'adamw' ? { ...optimizer, decayed: [] } : optimizer);
}

/** @param weightDecay of AdamW; default 0.004. @throws ZooError `USAGE` for a decay that is none. */
export function optimizerOf(name: OptimizerName, weightDecay?: number): Optimizer {
  if (weightDecay !== undefined && name !== 'adamw') {
    throw new ZooError('USAGE', 'Only AdamW has a weight decay', { expected: 'adamw', found: name });
  }
  if (weightDecay !== undefined && !(weightDecay >= 0 && weightDecay < 1)) {
    throw new ZooError('USAGE', 'Not a weight decay', { expected: '0 to below 1', found: weightDecay });
  }
  if (name === 'sgd') return { kind: 'sgd', momentum: MOMENTUM };
  if (name === 'adam') return { kind: 'adam', ...MOMENTS };
  return { kind: 'adamw', ...MOMENTS, decay: weightDecay ?? DECAY };
}
