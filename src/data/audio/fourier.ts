/** The discrete Fourier transform of real frames, of any length, in double precision. */
import FFT from 'fft.js';

/**
 * Writes |X[k]|² for k = 0 … size / 2 of `frame` (size values) into `power` (floor(size / 2) + 1 values).
 * One transform must not be used twice at a time: it keeps its work arrays.
 */
export type PowerTransform = (frame: Float64Array, power: Float64Array) => void;

/** fft.js wants a power of two, which most networks use. */
function direct(size: number): PowerTransform {
  const fft = new FFT(size);
  const spectrum: number[] = fft.createComplexArray();
  return (frame, power) => {
    fft.realTransform(spectrum, frame);
    writePower(spectrum, power);
  };
}

/**
 * Bluestein's algorithm: a transform of any length is a convolution with a chirp, done with a longer transform whose
 * length is a power of two.
 */
function chirp(size: number): PowerTransform {
  const long = 2 ** Math.ceil(Math.log2(2 * size - 1));
  const fft = new FFT(long);
  // exp(-i pi k² / size); k² is taken modulo 2 size, exactly, before the angle is rounded.
  const angles = Float64Array.from({ length: size }, (_, k) => (Math.PI * ((k * k) % (2 * size))) / size);
  const kernel: number[] = fft.createComplexArray().fill(0);
  for (const [k, angle] of angles.entries()) {
    for (const at of k === 0 ? [0] : [k, long - k]) {
      kernel[2 * at] = Math.cos(angle);
      kernel[2 * at + 1] = Math.sin(angle);
    }
  }
  const filter: number[] = fft.createComplexArray();
  fft.transform(filter, kernel);
  const input: number[] = fft.createComplexArray().fill(0);
  const spectrum: number[] = fft.createComplexArray();
  const cosines = angles.map(Math.cos);
  const sines = angles.map(Math.sin);
  return (frame, power) => {
    for (let k = 0; k < size; k++) {
      const value = frame[k] as number; // both have `size` values
      input[2 * k] = value * (cosines[k] as number);
      input[2 * k + 1] = -value * (sines[k] as number);
    }
    fft.transform(spectrum, input);
    for (let at = 0; at < 2 * long; at += 2) {
      const real = spectrum[at] as number; // complex arrays have 2 * long values
      const imaginary = spectrum[at + 1] as number;
      const filterReal = filter[at] as number;
      const filterImaginary = filter[at + 1] as number;
      spectrum[at] = real * filterReal - imaginary * filterImaginary;
      spectrum[at + 1] = real * filterImaginary + imaginary * filterReal;
    }
    fft.inverseTransform(kernel, spectrum);
    writePower(kernel, power); // the last chirp factor has modulus 1
  };
}

function writePower(spectrum: readonly number[], power: Float64Array): void {
  for (let k = 0; k < power.length; k++) {
    const real = spectrum[2 * k] as number; // a complex array of at least as many values
    const imaginary = spectrum[2 * k + 1] as number;
    power[k] = real * real + imaginary * imaginary;
  }
}

/** @param size of the transform, at least 4. */
export function powerTransform(size: number): PowerTransform {
  return Number.isInteger(Math.log2(size)) ? direct(size) : chirp(size);
}
