/** The zoo with all that needs TensorFlow, which is loaded when it is first needed. */
import { join } from 'node:path';
import type { Dataset } from '../data/dataset.js';
import type { Backbone, BackboneOptions } from '../transfer/backbone.js';
import type { Head } from '../transfer/heads/head.js';
import type { FromZooOptions, OpenDataOptions } from '../transfer/open-data.js';
import { Zoo, type ZooOptions } from '../zoo/open-zoo.js';
import type { AdaptedModel } from './adapted-model.js';

/** Opens the zoo. Index, network, cache and TensorFlow are opened when they are first needed. */
export async function openZoo(options: ZooOptions = {}): Promise<AdaptingZoo> {
  return new AdaptingZoo(options);
}

export interface OpenBackboneOptions extends FromZooOptions, Pick<BackboneOptions, 'cut' | 'pooling'> {
  /** Threads of TensorFlow; the first use in a process decides. `ZOO_THREADS`, else all cores by default. */
  readonly threads?: number | undefined;
}

/** A frozen backbone, ready for a head. */
export interface AdaptableBackbone extends Backbone {
  /** The backbone with a new output layer, to be trained. */
  withHead(head: Head): AdaptedModel;
}

export class AdaptingZoo extends Zoo {
  /** Where features are kept between runs. */
  get featureCache(): string {
    return join(this.home, 'features');
  }

  /**
   * Pulls a network where it is not installed, opens it and drops its output layer.
   * @throws ZooError of the pull; `NO_RUNTIME`; as `openBackbone`.
   */
  async backbone(reference: string, options: OpenBackboneOptions = {}): Promise<AdaptableBackbone> {
    const { threads, cut, pooling, ...pulling } = options;
    const [{ pullNetwork }, { openTensorFlow }] = await Promise.all([
      import('../transfer/open-data.js'),
      import('../runtime/tensorflow.js'),
    ]);
    // Before anything is fetched: without a runtime it would be fetched for nothing.
    openTensorFlow({ env: this.env, home: this.home, cwd: this.cwd, threads });
    const network = await pullNetwork(this, reference, pulling);
    const [{ openBackbone }, { AdaptedModel }] = await Promise.all([
      import('../transfer/backbone.js'),
      import('./adapted-model.js'),
    ]);
    const backbone = await openBackbone({ ...network, cut, pooling });
    const { featureCache } = this;
    return Object.assign(backbone, {
      withHead: (head: Head) => new AdaptedModel(backbone, head, { featureCache }),
    });
  }

  /** Local data by path, or a ready data set by name. @throws ZooError as `openData`. */
  async data(pathOrReference: string, options: Omit<OpenDataOptions, 'cwd'> = {}): Promise<Dataset> {
    const { openData } = await import('../transfer/open-data.js');
    return openData(this, pathOrReference, { ...options, cwd: this.cwd });
  }
}
