/** Pictures to the tensors of a network that sees. */

import { ZooError } from '../../core/errors.js';
import { prepareAhead } from '../../data/ahead/prepare-pool.js';
import type { Raw, RawImage } from '../../data/dataset.js';
import { cardSize, type ImageInput } from '../../data/image/geometry.js';
import { prepareImage } from '../../data/image/prepare.js';
import type { Size } from '../../data/image/resample.js';
import type { TensorSpec } from '../../formats/network.js';
import { tf } from '../../runtime/tensorflow.js';
import { otherModality } from './modality.js';
import { type Batch, joinRows, Notes, type Prepared, type Preparer } from './preparer.js';

export interface ImageOptions {
  /** Height and width in pixels, for a network that takes any size; the card's by default. */
  readonly size?: { readonly height: number; readonly width: number } | undefined;
}

/** So many pictures are prepared where they are asked for: for a few, starting threads would cost more. */
const AT_ONCE = 16;
/** Pixels: what takes less than 1 ms is not worth being sent to a thread. */
const SMALL = 128 * 128;

/**
 * @param spec the network's own input, rows first: [rows, height, width, channels].
 * @throws ZooError `DATA` when the network takes another number of channels than its card says, or only another size
 * than the one that is wanted.
 */
export function imagePreparer(input: ImageInput, spec: TensorSpec, options: ImageOptions = {}): Preparer {
  return new ImagePreparer(input, spec, options);
}

class ImagePreparer implements Preparer {
  readonly modality = 'image';
  readonly #input: ImageInput;
  readonly #spec: TensorSpec;
  readonly #height: number;
  readonly #width: number;
  readonly #channels: number;
  readonly #notes = new Notes();
  #count = 0;

  constructor(input: ImageInput, spec: TensorSpec, options: ImageOptions) {
    this.#input = input;
    this.#spec = spec;
    const { height, width } = chooseSize(input, spec, options);
    this.#height = height;
    this.#width = width;
    this.#channels = input.colourOrder === 'grey' ? 1 : 3;
    const channels = spec.shape[3];
    if (spec.shape.length === 4 && (channels === null || channels === this.#channels)) return;
    throw new ZooError('DATA', 'This network takes pictures that can not be made of local files', {
      expected: `${this.#channels} channels (${input.colourOrder}), as its card says`,
      found: `[${spec.shape.map((size) => size ?? '?').join(', ')}]`,
    });
  }

  get takes(): string {
    const colours = this.#channels === 1 ? 'grey pictures' : 'colour pictures';
    return `${colours} of ${this.#height} x ${this.#width} pixels`;
  }

  get identity(): string {
    const { notes: _, name: __, ...rule } = this.#input;
    return JSON.stringify({ ...rule, size: [this.#height, this.#width] });
  }

  get notes(): readonly string[] {
    return this.#notes.list();
  }

  forgetNotes(): void {
    this.#notes.clear();
  }

  async prepare(raw: Raw): Promise<Prepared> {
    if (raw.kind !== 'image') throw otherModality(this.takes, 'image', raw.kind);
    this.#note(raw);
    const [height, width] = [this.#height, this.#width];
    const values = await this.#prepared(raw, { height, width });
    return { rows: 1, shape: [height, width, this.#channels], values };
  }

  /** The same numbers either way. */
  async #prepared(image: RawImage, size: Size): Promise<Float32Array> {
    this.#count += 1;
    const small = image.width * image.height < SMALL;
    if (small || this.#count <= AT_ONCE) return prepareImage(image, this.#input, size);
    return prepareAhead({ image, input: this.#input, size });
  }

  #note({ grey, width, height }: RawImage): void {
    const channels = this.#channels;
    if (grey && channels === 3)
      this.#notes.add('grey', (count) => `${pictures(count, 'grey picture')} made RGB`);
    if (!grey && channels === 1) {
      this.#notes.add('colour', (count) => `${pictures(count, 'colour picture')} made grey`);
    }
    if (width === this.#width && height === this.#height) return;
    const enlarged = width < this.#width && height < this.#height;
    this.#notes.add(
      enlarged ? 'enlarged' : 'scaled',
      (count) =>
        `${pictures(count, enlarged ? 'smaller picture' : 'picture')} ${enlarged ? 'enlarged' : 'scaled'} to ` +
        `${this.#height} x ${this.#width} pixels`,
    );
  }

  batch(prepared: readonly Prepared[]): Batch {
    const values = joinRows(prepared);
    const shape: [number, number, number, number] = [
      prepared.length,
      this.#height,
      this.#width,
      this.#channels,
    ];
    const inputs = tf.tidy(() => tf.tensor4d(values, shape, 'float32').cast(this.#spec.dtype));
    return { inputs, mask: undefined };
  }

  neutral(): RawImage {
    const [height, width] = [this.#height, this.#width];
    const data = new Uint8Array(height * width * 3).fill(128);
    return { kind: 'image', width, height, data, grey: this.#channels === 1 };
  }
}

function pictures(count: number, what: string): string {
  return count === 1 ? `1 ${what} was` : `${count} ${what}s were`;
}

/** The network's own size where it is fixed; else what is wanted, else the card's. */
function chooseSize(
  input: ImageInput,
  { shape }: TensorSpec,
  { size }: ImageOptions,
): { readonly height: number; readonly width: number } {
  const [, height = null, width = null] = shape;
  if (height !== null && width !== null) {
    if (size === undefined || (size.height === height && size.width === width)) return { height, width };
    throw new ZooError('DATA', 'This network takes pictures of one size only', {
      expected: `${height} x ${width} pixels`,
      found: `${size.height} x ${size.width} pixels were asked for`,
      hint: 'Leave the size out: pictures are scaled to it.',
    });
  }
  const chosen = size ?? cardSize(input);
  if (chosen !== undefined) return chosen;
  throw new ZooError('DATA', 'This network takes pictures of any size, so a size must be chosen', {
    hint: 'Give a height and width, such as 224.',
  });
}
