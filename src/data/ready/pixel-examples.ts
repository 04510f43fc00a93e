/** Examples that lie together in memory as grey pixels: sets of small pictures that are one file. */
import { sha256 } from '../../core/digest.js';
import type { Example } from '../dataset.js';
import { greyImage } from '../image/raw-image.js';

export interface PixelBlock {
  readonly width: number;
  readonly height: number;
  /** One byte a pixel, picture after picture. */
  readonly levels: Uint8Array;
  /** One a picture. */
  readonly labels: readonly string[];
  /** In front of the number of the picture, such as `digits.csv.gz:`; counted from `first`. */
  readonly prefix: string;
  readonly first: number;
  readonly part?: 'train' | 'test' | undefined;
}

export function pixelExamples({ width, height, levels, labels, prefix, first, part }: PixelBlock): Example[] {
  const size = width * height;
  return labels.map((label, index) => {
    const pixels = levels.subarray(index * size, (index + 1) * size);
    return {
      name: `${prefix}${index + first}`,
      labels: [label],
      ...(part === undefined ? {} : { part }),
      load: async () => greyImage(width, height, pixels),
      digest: async () => sha256(pixels),
    };
  });
}
