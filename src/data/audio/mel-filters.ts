/** Banks of triangular filters on the mel scale, as the libraries build them with which networks were trained. */

export interface MelSettings {
  readonly bands: number;
  /** Hz. */
  readonly lowest: number;
  /** Hz. */
  readonly highest: number;
  /** `htk`: logarithmic throughout. `slaney`: linear up to 1 kHz, logarithmic above (librosa's default). */
  readonly scale: 'htk' | 'slaney';
  /** Where the sides of the triangles are straight: over Hz (librosa) or over mel (TensorFlow, which drops bin 0). */
  readonly straightOver: 'hertz' | 'mel';
  /** `slaney`: each filter has area 1 over Hz. `none`: each has peak 1. */
  readonly norm: 'none' | 'slaney';
}

export interface MelFilter {
  /** The first bin with a weight. */
  readonly start: number;
  readonly weights: Float64Array;
}

interface Scale {
  toMel(hertz: number): number;
  toHertz(mel: number): number;
}

const SLANEY_STEP = Math.log(6.4) / 27;
const SCALES: Readonly<Record<MelSettings['scale'], Scale>> = {
  // O'Shaughnessy's formula, as in the Hidden Markov Toolkit
  htk: {
    toMel: (hertz) => 2595 * Math.log10(1 + hertz / 700),
    toHertz: (mel) => 700 * (10 ** (mel / 2595) - 1),
  },
  // Malcolm Slaney's Auditory Toolbox: 3 mel for 200 Hz up to 1 kHz, then 27 mel for a factor of 6.4
  slaney: {
    toMel: (hertz) => (hertz < 1000 ? (hertz * 3) / 200 : 15 + Math.log(hertz / 1000) / SLANEY_STEP),
    toHertz: (mel) => (mel < 15 ? (mel * 200) / 3 : 1000 * Math.exp((mel - 15) * SLANEY_STEP)),
  },
};

/**
 * One filter a band, for spectra of fft / 2 + 1 bins.
 * @param sampleRate in Hz.
 */
export function melFilters(settings: MelSettings, sampleRate: number, fft: number): MelFilter[] {
  const { bands, lowest, highest, straightOver, norm } = settings;
  const scale = SCALES[settings.scale];
  const low = scale.toMel(lowest);
  const step = (scale.toMel(highest) - low) / (bands + 1);
  const edges = Array.from({ length: bands + 2 }, (_, index) => scale.toHertz(low + index * step));
  const axis = (hertz: number) => (straightOver === 'mel' ? scale.toMel(hertz) : hertz);
  const bins = Array.from({ length: Math.floor(fft / 2) + 1 }, (_, bin) => axis((bin * sampleRate) / fft));
  return Array.from({ length: bands }, (_, band) => {
    const [left = 0, centre = 0, right = 0] = edges.slice(band, band + 3);
    const [from, peak, to] = [axis(left), axis(centre), axis(right)];
    const area = norm === 'slaney' ? (right - left) / 2 : 1;
    const all = bins.map((place, bin) => {
      if (straightOver === 'mel' && bin === 0) return 0;
      return Math.max(0, Math.min((place - from) / (peak - from), (to - place) / (to - peak))) / area;
    });
    const start = Math.max(
      0,
      all.findIndex((weight) => weight > 0),
    );
    const end = all.findLastIndex((weight) => weight > 0) + 1;
    return { start, weights: Float64Array.from(all.slice(start, end)) };
  });
}
