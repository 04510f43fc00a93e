/** The size and colours of pictures that a new network is made for. */
import type { PictureShape } from '../../architectures/untrained/untrained.js';
import { ZooError } from '../../core/errors.js';
import type { Dataset, Example } from '../../data/dataset.js';

/** Examples that are looked at. */
const LOOKED_AT = 8;
/** Photographs are not learnt from at their full size where nobody asks for it: it would take days. */
const LARGEST_BY_ITSELF = 64;

/**
 * What is not said follows from a few examples: the largest of their sides, at most 64 pixels and at least `smallest`; grey
 * where all are grey.
 * @throws ZooError `DATA` for data that are no pictures, none that can be read, and other channels than 1 or 3.
 */
export async function pictureShape(
  dataset: Dataset,
  said: { readonly size?: number | undefined; readonly channels?: number | undefined },
  smallest: number,
  signal?: AbortSignal,
): Promise<PictureShape> {
  const { size, channels } = said;
  requirePictures(dataset);
  if (channels !== undefined && channels !== 1 && channels !== 3) {
    throw new ZooError('USAGE', 'Pictures have one channel or three', {
      expected: '1 (grey) or 3 (RGB)',
      found: channels,
    });
  }
  if (size !== undefined && channels !== undefined) return { size, channels };
  const looked = await Promise.all(few(dataset.examples).map((example) => example.load(signal)));
  const pictures = looked.filter((raw) => raw.kind === 'image');
  if (pictures.length === 0) {
    throw new ZooError('DATA', `${dataset.origin} has no examples`, { hint: 'Check the path.' });
  }
  const largest = Math.max(...pictures.map(({ width, height }) => Math.max(width, height)));
  return {
    size: size ?? Math.max(smallest, Math.min(LARGEST_BY_ITSELF, largest)),
    channels: channels ?? (pictures.every(({ grey }) => grey) ? 1 : 3),
  };
}

/** Looks at no example. @throws ZooError `DATA` for data that are no pictures. */
function requirePictures({ modality, origin }: Dataset): void {
  if (modality === 'image') return;
  throw new ZooError('DATA', 'From scratch only networks that see are trained', {
    expected: 'pictures',
    found: `${modality} in ${origin}`,
    hint: 'Take a pretrained network: zoo finetune REF DATA -o DIR',
  });
}

/** Evenly over the whole: data sets are often sorted by class. */
function few(examples: readonly Example[]): Example[] {
  const step = Math.max(1, examples.length / LOOKED_AT);
  return Array.from(
    { length: Math.min(LOOKED_AT, examples.length) },
    (_, index) => examples[Math.floor(index * step)],
  ).filter((example) => example !== undefined);
}
