/**
 * Resampling along both axes: across, then down. Antialiased methods give the bytes that Pillow gives, in its
 * fixed-point arithmetic (Pillow, src/libImaging/Resample.c); the others give floats as TensorFlow does. Since version 13
 * Pillow goes down first for some pictures that get much flatter, which changes some of their bytes by one level; the
 * networks were trained before.
 */
import { type AxisWeights, antialiasedWeights, plainWeights, type ResizeMethod } from './filters.js';

export interface Pixels<Data extends Uint8Array | Float32Array = Uint8Array> {
  readonly width: number;
  readonly height: number;
  /** 1 or 3. */
  readonly channels: number;
  /** Rows from the top, channels together: height * width * channels. */
  readonly data: Data;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A part of the resized picture, in its pixels; it lies inside. */
export interface Window extends Size {
  readonly left: number;
  readonly top: number;
}

/** Bits behind the point of a weight: 32, less 8 of a level, less 2 for sums beyond the range. */
const PRECISION = 22;
const HALF = 1 << (PRECISION - 1);

/** Rounded to whole levels after each axis. Only the window is computed. */
export function resampleAntialiased(
  source: Pixels,
  to: Size,
  window: Window,
  method: 'bilinear' | 'bicubic',
): Pixels {
  const sameHeight = to.height === source.height;
  const down = antialiasedWeights(source.height, to.height, method);
  const [firstRow, endRow] = sameHeight ? [window.top, window.top + window.height] : rowsNeeded(down, window);
  const across =
    to.width === source.width
      ? cutColumns(source, window, firstRow, endRow)
      : bytesAcross(source, antialiasedWeights(source.width, to.width, method), window, firstRow, endRow);
  return sameHeight ? across : bytesDown(across, down, window, firstRow);
}

/** Not rounded. Only the window is computed. */
export function resamplePlain(
  source: Pixels,
  to: Size,
  window: Window,
  method: ResizeMethod,
): Pixels<Float32Array> {
  const across = plainWeights(source.width, to.width, method);
  const down = plainWeights(source.height, to.height, method);
  const [firstRow, endRow] = rowsNeeded(down, window);
  return floatsDown(floatsAcross(source, across, window, firstRow, endRow), down, window, firstRow);
}

/** Rows of the source that the window is made of. */
function rowsNeeded({ starts, counts }: AxisWeights, window: Window): [first: number, end: number] {
  const last = window.top + window.height - 1;
  return [starts[window.top] ?? 0, (starts[last] ?? 0) + (counts[last] ?? 0)];
}

function cutColumns(source: Pixels, window: Window, firstRow: number, endRow: number): Pixels {
  const { channels } = source;
  const rowLength = window.width * channels;
  const data = new Uint8Array(rowLength * (endRow - firstRow));
  for (let row = firstRow; row < endRow; row++) {
    const from = (row * source.width + window.left) * channels;
    data.set(source.data.subarray(from, from + rowLength), (row - firstRow) * rowLength);
  }
  return { width: window.width, height: endRow - firstRow, channels, data };
}

function fixedPoint(weights: Float64Array): Int32Array {
  // Halves away from zero.
  return Int32Array.from(weights, (weight) =>
    Math.trunc(weight * (1 << PRECISION) + (weight < 0 ? -0.5 : 0.5)),
  );
}

function clip(sum: number): number {
  const level = sum >> PRECISION;
  return Math.max(0, Math.min(level, 255));
}

/** Rows that are done column by column: few enough to stay in the processor's cache. */
const ROWS_AT_ONCE = 64;

function bytesAcross(
  source: Pixels,
  axis: AxisWeights,
  window: Window,
  firstRow: number,
  endRow: number,
): Pixels {
  const { channels } = source;
  const data = new Uint8Array(window.width * (endRow - firstRow) * channels);
  const out: Pixels = { width: window.width, height: endRow - firstRow, channels, data };
  const weights = fixedPoint(axis.weights);
  for (let row = firstRow; row < endRow; row += ROWS_AT_ONCE) {
    const end = Math.min(row + ROWS_AT_ONCE, endRow);
    for (let column = 0; column < window.width; column++) {
      const at = window.left + column;
      const start = at * axis.stride;
      const taps = weights.subarray(start, start + (axis.counts[at] ?? 0));
      const from = (row * source.width + (axis.starts[at] ?? 0)) * channels;
      const to = ((row - firstRow) * window.width + column) * channels;
      if (channels === 3) columnOfColours(source, out, taps, from, to, end - row);
      else columnOfLevels(source, out, taps, from, to, end - row);
    }
  }
  return out;
}

/** One pixel in each of so many rows, down from `from` and `to`. */
function columnOfColours(
  { data, width }: Pixels,
  out: Pixels,
  taps: Int32Array,
  from: number,
  to: number,
  rows: number,
): void {
  const count = taps.length;
  for (
    let row = 0, rowAt = from, target = to;
    row < rows;
    row++, rowAt += width * 3, target += out.width * 3
  ) {
    let red = HALF;
    let green = HALF;
    let blue = HALF;
    for (let tap = 0, at = rowAt; tap < count; tap++, at += 3) {
      const weight = taps[tap] ?? 0;
      red = (red + Math.imul(data[at] ?? 0, weight)) | 0;
      green = (green + Math.imul(data[at + 1] ?? 0, weight)) | 0;
      blue = (blue + Math.imul(data[at + 2] ?? 0, weight)) | 0;
    }
    out.data[target] = clip(red);
    out.data[target + 1] = clip(green);
    out.data[target + 2] = clip(blue);
  }
}

function columnOfLevels(
  { data, width }: Pixels,
  out: Pixels,
  taps: Int32Array,
  from: number,
  to: number,
  rows: number,
): void {
  const count = taps.length;
  for (let row = 0, rowAt = from, target = to; row < rows; row++, rowAt += width, target += out.width) {
    let sum = HALF;
    for (let tap = 0, at = rowAt; tap < count; tap++, at++) {
      sum = (sum + Math.imul(data[at] ?? 0, taps[tap] ?? 0)) | 0;
    }
    out.data[target] = clip(sum);
  }
}

function bytesDown(source: Pixels, axis: AxisWeights, window: Window, firstRow: number): Pixels {
  const { channels, data } = source;
  const weights = fixedPoint(axis.weights);
  const rowLength = window.width * channels;
  const out = new Uint8Array(rowLength * window.height);
  const sums = new Int32Array(rowLength);
  for (let row = 0; row < window.height; row++) {
    const line = window.top + row;
    const base = line * axis.stride;
    const count = axis.counts[line] ?? 0;
    let from = ((axis.starts[line] ?? 0) - firstRow) * rowLength;
    sums.fill(HALF);
    for (let tap = 0; tap < count; tap++) {
      const weight = weights[base + tap] ?? 0;
      for (let at = 0; at < rowLength; at++, from++) {
        sums[at] = (sums[at] ?? 0) + Math.imul(data[from] ?? 0, weight);
      }
    }
    const to = row * rowLength;
    for (let at = 0; at < rowLength; at++) out[to + at] = clip(sums[at] ?? 0);
  }
  return { width: window.width, height: window.height, channels, data: out };
}

function floatsAcross(
  source: Pixels,
  axis: AxisWeights,
  window: Window,
  firstRow: number,
  endRow: number,
): Pixels<Float32Array> {
  const { channels, data } = source;
  const out = new Float32Array(window.width * (endRow - firstRow) * channels);
  let to = 0;
  for (let row = firstRow; row < endRow; row++) {
    for (let column = window.left; column < window.left + window.width; column++) {
      const base = column * axis.stride;
      const count = axis.counts[column] ?? 0;
      const from = (row * source.width + (axis.starts[column] ?? 0)) * channels;
      for (let channel = 0; channel < channels; channel++) {
        let sum = 0;
        for (let tap = 0; tap < count; tap++) {
          sum += (data[from + tap * channels + channel] ?? 0) * (axis.weights[base + tap] ?? 0);
        }
        out[to++] = sum;
      }
    }
  }
  return { width: window.width, height: endRow - firstRow, channels, data: out };
}

function floatsDown(
  source: Pixels<Float32Array>,
  axis: AxisWeights,
  window: Window,
  firstRow: number,
): Pixels<Float32Array> {
  const { channels, data } = source;
  const rowLength = window.width * channels;
  const out = new Float32Array(rowLength * window.height);
  const sums = new Float64Array(rowLength);
  for (let row = 0; row < window.height; row++) {
    const line = window.top + row;
    const count = axis.counts[line] ?? 0;
    let from = ((axis.starts[line] ?? 0) - firstRow) * rowLength;
    sums.fill(0);
    for (let tap = 0; tap < count; tap++) {
      const weight = axis.weights[line * axis.stride + tap] ?? 0;
      for (let at = 0; at < rowLength; at++, from++) sums[at] = (sums[at] ?? 0) + (data[from] ?? 0) * weight;
    }
    out.set(sums, row * rowLength);
  }
  return { width: window.width, height: window.height, channels, data: out };
}
