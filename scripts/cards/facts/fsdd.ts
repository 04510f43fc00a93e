/** The recordings of the Free Spoken Digit Dataset: every speaker said every digit fifty times. */
const SPEAKERS = ['george', 'jackson', 'lucas', 'nicolas', 'theo', 'yweweler'];

export const FSDD_RECORDINGS: readonly string[] = Array.from({ length: 10 }, (_, digit) =>
  SPEAKERS.flatMap((speaker) =>
    Array.from({ length: 50 }, (_, index) => `recordings/${digit}_${speaker}_${index}.wav`),
  ),
).flat();
