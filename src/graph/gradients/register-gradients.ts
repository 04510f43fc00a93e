/**
 * The gradients of this folder in place of TensorFlow.js's own, and where it has none. Nothing else changes: forward
 * passes are the same, and gradients are taken by `tf.variableGrads` and its like as ever.
 */
import { tf } from '../../runtime/tensorflow.js';
import { activations } from './activations.js';
import { addition } from './bias-add.js';
import { comparisons } from './comparisons.js';
import { convolutions } from './convolution.js';
import { depthToSpace } from './depth-to-space.js';
import { einsum } from './einsum.js';
import { frozenNormalisation } from './frozen-normalisation.js';
import { gatherNd, scatterNd } from './gather-nd.js';
import { configOf, type Gradient } from './gradient.js';
import { matrixProduct } from './matrix-product.js';
import { reductions } from './reductions.js';
import { sparseSegments } from './sparse-segments.js';
import { stridedSlice } from './strided-slice.js';
import { repetition } from './tile.js';
import { fillNormalisations } from './whole-normalisation.js';

const GRADIENTS: readonly Gradient[] = [
  ...activations,
  ...comparisons,
  ...convolutions,
  ...reductions,
  ...sparseSegments,
  addition,
  depthToSpace,
  einsum,
  frozenNormalisation,
  gatherNd,
  matrixProduct,
  repetition,
  scatterNd,
  stridedSlice,
];

let registered = false;

/** Call it before anything is trained: once a process is enough, more does nothing. @throws ZooError `NO_RUNTIME`. */
export function registerGradients(): void {
  if (registered) return;
  for (const gradient of GRADIENTS) tf.registerGradient(configOf(gradient));
  fillNormalisations();
  registered = true;
}
