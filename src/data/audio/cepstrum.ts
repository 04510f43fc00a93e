/** Mel-frequency cepstral coefficients: the cosine transform (DCT-II) of the logarithms of the mel bands. */

export interface CepstrumSettings {
  /** How many of the first coefficients are kept; at most the number of bands. */
  readonly coefficients: number;
  /** `ortho`: an orthonormal transform (librosa, scipy). `tensorflow`: coefficient 0 is larger by sqrt(2). */
  readonly norm: 'ortho' | 'tensorflow';
}

/**
 * @param bands [frames, width], row by row.
 * @returns [frames, settings.coefficients]
 */
export function cepstrum(bands: Float64Array, width: number, settings: CepstrumSettings): Float64Array {
  const { coefficients, norm } = settings;
  const basis = Array.from({ length: coefficients }, (_, k) => {
    const size = Math.sqrt((k === 0 && norm === 'ortho' ? 1 : 2) / width);
    return Float64Array.from(
      { length: width },
      (_, band) => size * Math.cos((Math.PI * k * (2 * band + 1)) / (2 * width)),
    );
  });
  const frames = bands.length / width;
  const result = new Float64Array(frames * coefficients);
  for (let frame = 0; frame < frames; frame++) {
    const row = bands.subarray(frame * width, (frame + 1) * width);
    for (const [k, wave] of basis.entries()) {
      result[frame * coefficients + k] = row.reduce((sum, value, band) => sum + value * (wave[band] ?? 0), 0);
    }
  }
  return result;
}
