/** From what people and cards call a place in a network to the layer that is meant. */
import type { LayerInfo } from '../formats/network.js';
import { unknownCut } from '../formats/unknown-name.js';

type Named = Pick<LayerInfo, 'name' | 'kind'>;

/**
 * The layer that `cut` means, in this order:
 * 1. the layer of that name;
 * 2. the last layer of the module of that name: `features.18` is the ReLU6 at the end of it;
 * 3. the last of several in a row, `_conv_head, _bn1, ReLU6`: each piece is the next layer with that name or kind.
 */
export function findCut<L extends Named>(layers: readonly L[], cut: string): L | undefined {
  const named = layers.find((layer) => layer.name === cut);
  if (named !== undefined) return named;
  const inModule = layers.findLast((layer) => layer.name.startsWith(`${cut}.`));
  return inModule ?? lastOfRow(layers, cut);
}

/** As `findCut`. @throws ZooError `NOT_FOUND` with the nearest names when nothing is meant. */
export function resolveCut<L extends Named>(layers: readonly L[], cut: string): L {
  const found = findCut(layers, cut);
  if (found !== undefined) return found;
  throw unknownCut(
    cut,
    layers.map(({ name }) => name),
  );
}

function lastOfRow<L extends Named>(layers: readonly L[], cut: string): L | undefined {
  const pieces = cut.split(',').map((piece) => piece.trim());
  if (pieces.length < 2) return undefined;
  let index = -1;
  for (const [position, piece] of pieces.entries()) {
    index = layers.findIndex((layer, at) => {
      // The row begins with a name; what follows stands directly behind it.
      const expected = position === 0 || at === index + 1;
      return expected && (layer.name === piece || (position > 0 && layer.kind === piece));
    });
    if (index === -1) return undefined;
  }
  return layers[index];
}
