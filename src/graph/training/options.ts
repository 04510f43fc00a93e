/** What a training is made of. */
import type { NetworkInputs } from '../../formats/network.js';
import type { Tensor } from '../../runtime/tensorflow.js';
import type { Optimizer } from './optimizer.js';
import type { Loss, NamedInputs, NamedTensor } from './step.js';

export interface NativeTrainingOptions {
  /** Name of the layer whose output is trained on. */
  readonly cut: string;
  /** From what comes out there to features; by default it is taken as it is. Inputs are there for masks. */
  readonly pooling?: ((output: Tensor, inputs: NamedInputs) => Tensor) | undefined;
  /** Names of the network's parameters that are trained; none to train the head alone. */
  readonly trainable: readonly string[];
  /**
   * Made of TensorFlow.js's operations, without reading values and without JavaScript's random numbers. It must be the
   * mean over the examples of the batch where batches are trained in parts.
   */
  readonly loss: Loss;
  /** What `predict` gives; the features by default. */
  readonly predict?: ((features: Tensor, head: readonly Tensor[]) => Tensor) | undefined;
  /** Parameters of the head: float32, their values at the beginning. They stay the caller's and are read at once. */
  readonly head: readonly NamedTensor[];
  readonly optimizer: Optimizer;
  /** Factor of the learning rate by parameter name; 1 where nothing is said. */
  readonly rates?: ReadonlyMap<string, number> | undefined;
  /** Largest norm of all gradients together; without it they are taken as they are. */
  readonly clipNorm?: number | undefined;
  /**
   * What BatchNorm works on while it trains: the network's stored statistics, which then stay as they are (`stored`,
   * the default), or those of the batch (`batch`), which the stored ones follow. The latter is for BatchNorms whose
   * scale or offset is trained, and of those that have neither for those behind the first layer that is trained;
   * others stay on stored statistics, as do those whose statistics are no parameters or not one number a channel.
   * Where a batch is trained in parts, each part takes its own statistics, and they are followed part by part.
   */
  readonly normalisation?: 'stored' | 'batch' | undefined;
  /** Part that stored statistics keep at each step, from 0 up to 1; 0.99 by default, as in Keras. */
  readonly normalisationMomentum?: number | undefined;
  /** Parts in which a batch goes through the network, so that less memory is needed; 1 by default. */
  readonly accumulate?: number | undefined;
  /** A batch of any size, which says the other sizes and the type of the targets. It stays the caller's. */
  readonly example: { readonly inputs: NetworkInputs; readonly targets: Tensor };
  /**
   * Sizes that may be others than the example's: the number of examples, or all that the network leaves open (the
   * length of texts). Where the latter can't be traced, it is the former. Default `batch`.
   */
  readonly open?: 'batch' | 'all' | undefined;
  /** Where SavedModels lie for a moment; the system's folder for such by default. */
  readonly temporaryFolder?: string | undefined;
  /** Told in one sentence why there is no graph. */
  readonly onRefusal?: ((reason: string) => void) | undefined;
}
