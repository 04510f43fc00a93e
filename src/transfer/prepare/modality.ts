/** What is said to a person who gives pictures to a network that hears. */
import { ZooError } from '../../core/errors.js';
import type { Raw } from '../../data/dataset.js';
import type { Modality } from '../../registry/card-names.js';

const DOES: Record<Modality, string> = { image: 'sees', audio: 'hears', text: 'reads' };
const THINGS: Record<Raw['kind'], string> = { image: 'pictures', audio: 'recordings', text: 'texts' };

/** @param takes what the network takes: `16 kHz mono audio`. */
export function otherModality(takes: string, network: Modality, data: Modality): ZooError {
  return new ZooError('DATA', `This network ${DOES[network]} ${takes}; these are ${THINGS[data]}`, {
    expected: takes,
    found: THINGS[data],
    hint: `zoo search --modality ${data} finds networks for ${THINGS[data]}.`,
  });
}
