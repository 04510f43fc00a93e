/** Sizes of pictures worth trying: enlarging small ones costs time and blurs what the network could tell. */
import type { Dataset } from '../../data/dataset.js';
import type { Backbone } from '../../transfer/backbone.js';

/** Networks halve a picture five times: below this nothing is left. */
const SMALLEST = 32;
const LOOKED_AT = 8;

/**
 * The network's own size (undefined), and halves of it down to the size of the pictures themselves. Only undefined for
 * other inputs, and for networks that take one size only.
 */
export async function pictureSizes(
  { network, preparer, card }: Backbone,
  { examples }: Dataset,
  signal: AbortSignal | undefined,
): Promise<readonly (number | undefined)[]> {
  const own = card.input?.modality === 'image' ? network.inputs[0]?.shape[1] : undefined;
  // A topology that is built here takes any size; a file that brings its own was made for one.
  const takesAny = card.format.name === 'pytorch' && preparer.modality === 'image';
  if (typeof own !== 'number' || !takesAny) return [undefined];
  const sides: number[] = [];
  for (const example of examples.slice(0, LOOKED_AT)) {
    const raw = await example.load(signal).catch(() => undefined);
    if (raw?.kind === 'image') sides.push(Math.min(raw.height, raw.width));
  }
  const usual = sides.toSorted((a, b) => a - b)[Math.floor(sides.length / 2)] ?? own;
  const halves = [own / 2, own / 4].map(Math.round).filter((size) => size >= Math.max(SMALLEST, usual));
  return [undefined, ...halves];
}
