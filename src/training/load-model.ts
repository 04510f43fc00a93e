/** From the folder of an adapted model to a model that answers. */
import { ZooError } from '../core/errors.js';
import { cardDigest } from '../registry/canonical-card.js';
import type { Card } from '../registry/card.js';
import { tf } from '../runtime/tensorflow.js';
import { type AdaptedFolder, checkBackbone, checkBase } from '../transfer/adapted/read-adapted.js';
import { type Backbone, openBackbone } from '../transfer/backbone.js';
import { type FromZooOptions, pullNetwork } from '../transfer/open-data.js';
import type { Zoo } from '../zoo/open-zoo.js';
import { AdaptedModel, type AdaptedModelOptions } from './adapted-model.js';

/**
 * @param adapted what `readAdapted` read.
 * @throws ZooError `INTEGRITY` for another base, or one that gives other features than those the head was trained on.
 */
export async function loadModel(
  zoo: Zoo,
  adapted: AdaptedFolder,
  { featureCache, ...pulling }: FromZooOptions & AdaptedModelOptions,
): Promise<AdaptedModel> {
  const base = await findBase(zoo, adapted, pulling);
  checkBase(adapted, base.card);
  const { cut, pooling, prepare } = adapted.details.backbone;
  const backbone = await openBackbone({ ...base, cut, pooling, prepare });
  try {
    checkBackbone(adapted, backbone);
    assignChanged(backbone, adapted);
    // Features of changed layers are not those of the base, by whose digest the cache knows them.
    const cache = adapted.changed.size > 0 ? undefined : featureCache;
    return new AdaptedModel(backbone, adapted.head.head, { featureCache: cache }, adapted.head);
  } catch (error) {
    backbone.dispose();
    throw error;
  }
}

/** An installed one first: a network from elsewhere is in no index. */
async function findBase(zoo: Zoo, { card }: AdaptedFolder, pulling: FromZooOptions) {
  const { reference, digest } = card.base;
  const installed = await installedBase(zoo, reference);
  if (installed !== undefined && cardDigest(installed.card) === digest) return { ...installed, digest };
  return pullNetwork(zoo, reference, pulling);
}

async function installedBase(
  zoo: Zoo,
  reference: string,
): Promise<{ folder: string; card: Card } | undefined> {
  try {
    const model = await zoo.installed(reference);
    return { folder: await zoo.path(reference), card: await zoo.card(model) };
  } catch (error) {
    if (error instanceof ZooError && (error.code === 'NOT_CACHED' || error.code === 'AMBIGUOUS'))
      return undefined;
    throw error;
  }
}

/** @throws ZooError `INTEGRITY` for a tensor that the base does not have in this shape. */
function assignChanged({ network, card }: Backbone, { changed }: AdaptedFolder): void {
  for (const [name, { shape, dtype, data }] of changed) {
    const parameter = network.parameters.get(name);
    const fits =
      parameter !== undefined && parameter.shape.join() === shape.join() && dtype === parameter.dtype;
    if (!fits || parameter === undefined || dtype !== 'float32') {
      throw new ZooError('INTEGRITY', `${card.name} has no such tensor to change: ${JSON.stringify(name)}`, {
        expected:
          parameter === undefined ? 'a parameter of the network' : `${parameter.dtype} [${parameter.shape}]`,
        found: `${dtype} [${shape}]`,
      });
    }
    network.assign(name, tf.tensor(data, [...shape], dtype));
  }
}
