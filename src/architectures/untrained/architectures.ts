/** The table of architectures that can be trained from scratch. A new one is one file beside this, and a line here. */
import { distance } from 'fastest-levenshtein';
import { ZooError } from '../../core/errors.js';
import { convnet } from './convnet.js';
import { mobilenetV2035 } from './mobilenet-v2-035.js';
import { resnet8 } from './resnet8.js';
import type { Architecture, PictureShape, UntrainedNetwork } from './untrained.js';

export const ARCHITECTURES: readonly Architecture[] = [convnet, resnet8, mobilenetV2035];

/** Names that are mistyped by at most this many letters are guessed. */
const MISTYPED = 3;
const LARGEST = 512;

/** @throws ZooError `NOT_FOUND` for another name, with what there is. */
export function architectureCalled(name: string): Architecture {
  const found = ARCHITECTURES.find((architecture) => architecture.name === name);
  if (found !== undefined) return found;
  const names = ARCHITECTURES.map((architecture) => architecture.name);
  const meant = names.find((known) => distance(known, name.toLowerCase().slice(0, 100)) <= MISTYPED);
  throw new ZooError('NOT_FOUND', `There is no architecture called ${JSON.stringify(name.slice(0, 100))}`, {
    expected: names.join(', '),
    found: name.slice(0, 100),
    hint:
      meant === undefined
        ? 'To train a network of the zoo further: zoo finetune REF DATA -o DIR'
        : `Did you mean ${meant}?`,
  });
}

/** @throws ZooError `USAGE` for pictures too small or too large for it. */
export function buildUntrained(
  { name, smallest, build }: Architecture,
  shape: PictureShape,
  classes: number,
): UntrainedNetwork {
  const { size } = shape;
  if (Number.isInteger(size) && size >= smallest && size <= LARGEST) return build(shape, classes);
  throw new ZooError('USAGE', `The architecture ${name} does not take pictures of this size`, {
    expected: `${smallest} to ${LARGEST} pixels a side`,
    found: size,
    hint: size < smallest ? `Let them be enlarged: --image-size ${Math.max(28, smallest)}` : undefined,
  });
}
