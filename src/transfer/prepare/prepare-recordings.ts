/** Recordings to the tensors of a network that hears: mono, its sample rate, its windows, its front end. */
import { ZooError } from '../../core/errors.js';
import { prepareAhead } from '../../data/ahead/prepare-pool.js';
import type { AudioInput } from '../../data/audio/card-spectrogram.js';
import { type AudioFrontEnd, type AudioTensor, audioFrontEnd } from '../../data/audio/front-end.js';
import { prepareAudio } from '../../data/audio/prepare-audio.js';
import type { Raw, RawAudio } from '../../data/dataset.js';
import type { TensorSpec } from '../../formats/network.js';
import { tf } from '../../runtime/tensorflow.js';
import { otherModality } from './modality.js';
import { type Batch, joinRows, Notes, type Prepared, type Preparer } from './preparer.js';

export interface AudioOptions {
  /** Samples at the network's rate from one window to the next; the card's by default, else a window. */
  readonly hop?: number | undefined;
}

/** A recording at less than this share of the network's rate lacks most of what the network hears. */
const LOWEST_SHARE = 0.25;

/** So many recordings are prepared where they are asked for: for a few, starting threads would cost more. */
const AT_ONCE = 2;

/**
 * @param spec the network's own input, rows first.
 * @throws ZooError `DATA` when the network takes other windows than its card says; `USAGE` for a hop out of range.
 */
export function audioPreparer(input: AudioInput, spec: TensorSpec, options: AudioOptions = {}): Preparer {
  const { hop } = options;
  if (hop !== undefined && (!Number.isInteger(hop) || hop < 1)) {
    throw new ZooError('USAGE', 'The hop must be a whole number of samples', {
      expected: '1 or more',
      found: hop,
    });
  }
  return new AudioPreparer(input, spec, hop);
}

class AudioPreparer implements Preparer {
  readonly modality = 'audio';
  readonly identity: string;
  readonly takes: string;
  readonly #input: AudioInput;
  readonly #spec: TensorSpec;
  readonly #frontEnd: AudioFrontEnd;
  readonly #hop: number | undefined;
  readonly #notes = new Notes();
  #count = 0;

  constructor(input: AudioInput, spec: TensorSpec, hop: number | undefined) {
    this.#input = input;
    this.#spec = spec;
    this.#hop = hop;
    this.#frontEnd = audioFrontEnd(input, hop === undefined ? {} : { hop });
    this.takes = `${kilohertz(input.sampleRate)} mono audio`;
    const { notes: _, name: __, ...rule } = input;
    this.identity = JSON.stringify({ ...rule, hop: hop ?? null });
    this.#checkWindow(input.shape.slice(1));
  }

  #checkWindow(shape: readonly (number | null)[]): void {
    const own = this.#spec.shape.slice(1);
    const fits =
      own.length === shape.length && own.every((size, axis) => size === null || size === shape[axis]);
    if (fits) return;
    throw new ZooError('DATA', 'This network takes other windows of sound than its card says', {
      expected: `[${shape.join(', ')}]`,
      found: `[${own.map((size) => size ?? '?').join(', ')}]`,
    });
  }

  get notes(): readonly string[] {
    return this.#notes.list();
  }

  forgetNotes(): void {
    this.#notes.clear();
  }

  async prepare(raw: Raw): Promise<Prepared> {
    if (raw.kind !== 'audio') throw otherModality(this.takes, 'audio', raw.kind);
    this.#checkRate(raw);
    const { data, shape, starts, padded, dropped } = await this.#prepared(raw);
    this.#noteConversion(raw);
    if (starts.length > 1)
      this.#notes.add('windows', (count) => `${recordings(count)} cut into several windows`);
    if (padded > 0) {
      this.#notes.add('padded', (count) => `${recordings(count)} filled up with silence to a whole window`);
    }
    if (dropped > 0) {
      this.#notes.add(
        'dropped',
        (count) => `the end of ${count} ${plural(count)} is too short for a window and left out`,
      );
    }
    return { rows: starts.length, shape: shape.slice(1), values: data };
  }

  /** The same numbers either way. */
  async #prepared(audio: RawAudio): Promise<AudioTensor> {
    this.#count += 1;
    if (this.#count <= AT_ONCE) return prepareAudio(audio, this.#input, this.#frontEnd);
    return prepareAhead({ audio, input: this.#input, hop: this.#hop });
  }

  #checkRate({ sampleRate }: RawAudio): void {
    if (sampleRate >= LOWEST_SHARE * this.#input.sampleRate) return;
    throw new ZooError(
      'DATA',
      `This network hears ${this.takes}; this was recorded at ${kilohertz(sampleRate)}`,
      {
        expected: `at least ${kilohertz(LOWEST_SHARE * this.#input.sampleRate)}`,
        found: kilohertz(sampleRate),
        hint: 'Most of what the network hears is not in this recording.',
      },
    );
  }

  #noteConversion({ sampleRate, channels }: RawAudio): void {
    if (sampleRate === this.#input.sampleRate && channels.length === 1) return;
    const from = `${kilohertz(sampleRate)} ${channelWord(channels.length)}`;
    this.#notes.add(from, (count) => `${count} ${plural(count)} of ${from} ${was(count)} made ${this.takes}`);
  }

  batch(prepared: readonly Prepared[]): Batch {
    const rows = prepared.reduce((sum, example) => sum + example.rows, 0);
    const shape = [rows, ...(prepared[0]?.shape ?? [])];
    const inputs = tf.tidy(() => tf.tensor(joinRows(prepared), shape, 'float32').cast(this.#spec.dtype));
    return { inputs, mask: undefined };
  }

  /** One window of a quiet tone: some front ends have no answer to silence. */
  neutral(): RawAudio {
    const { sampleRate, window, shape } = this.#input;
    const length = window?.samples ?? shape[1] ?? sampleRate;
    const tone = Float32Array.from(
      { length },
      (_, index) => 0.1 * Math.sin((2 * Math.PI * 440 * index) / sampleRate),
    );
    return { kind: 'audio', sampleRate, channels: [tone] };
  }
}

/** `44100` as `44.1 kHz`. */
function kilohertz(rate: number): string {
  return `${Number((rate / 1000).toFixed(3))} kHz`;
}

function channelWord(channels: number): string {
  return channels === 1 ? 'mono' : channels === 2 ? 'stereo' : `${channels} channels`;
}

function plural(count: number): string {
  return count === 1 ? 'recording' : 'recordings';
}

function was(count: number): string {
  return count === 1 ? 'was' : 'were';
}

function recordings(count: number): string {
  return `${count} ${plural(count)} ${was(count)}`;
}
