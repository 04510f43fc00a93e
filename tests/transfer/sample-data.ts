/** Pictures, recordings and texts out of formulas, as data sets. */
import { type Digest, sha256 } from '../../src/core/digest.js';
import type { Dataset, Example, Raw, RawAudio, RawImage } from '../../src/data/dataset.js';
import { rawImage } from '../../src/data/image/raw-image.js';
import { makeDataset } from '../../src/data/make-dataset.js';
import type { Modality } from '../../src/registry/card-names.js';

/** Every pixel differs; grey when asked for. */
export function picture(seed: number, width = 8, height = 8, grey = false): RawImage {
  const data = new Uint8Array(width * height * 3);
  let state = seed + 1;
  for (let at = 0; at < data.length; at++) {
    if (!grey || at % 3 === 0) state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[at] = state >>> 24;
  }
  return rawImage(width, height, data);
}

export function tone(hertz: number, samples: number, sampleRate = 8000, channels = 1): RawAudio {
  const wave = Float32Array.from({ length: samples }, (_, index) =>
    Math.sin((2 * Math.PI * hertz * index) / sampleRate),
  );
  return { kind: 'audio', sampleRate, channels: Array.from({ length: channels }, () => wave) };
}

export function example(name: string, load: () => Raw, labels: readonly string[] = []): Example {
  return { name, labels, load: async () => load(), digest: async () => rawDigest(load()) };
}

function rawDigest(raw: Raw): Digest {
  if (raw.kind === 'text') return sha256(raw.text);
  if (raw.kind === 'image') return sha256(raw.data);
  return sha256(Buffer.concat(raw.channels.map((channel) => new Uint8Array(channel.buffer))));
}

export function dataset(modality: Modality, examples: readonly Example[]): Dataset {
  return makeDataset({ modality, origin: 'samples', examples });
}

/** `count` different pictures of two classes. */
export function pictures(count: number): Dataset {
  return dataset(
    'image',
    Array.from({ length: count }, (_, index) =>
      example(`${index}.png`, () => picture(index), [index % 2 === 0 ? 'even' : 'odd']),
    ),
  );
}

export function texts(...list: string[]): Dataset {
  return dataset(
    'text',
    list.map((text, index) => example(`t.csv:${index + 2}`, () => ({ kind: 'text', text }))),
  );
}
