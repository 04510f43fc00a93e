/** Small valid cards that tests change to what they are about. */
import { sha256 } from '../../src/core/digest.js';
import type { Card } from '../../src/registry/card.js';
import { checkCard } from '../../src/registry/parse-card.js';

/** A checked card; `changes` replace top-level fields. Its one file differs by name, version and modality. */
export function sampleCard(changes: Partial<Card> = {}): Card {
  const card = {
    kind: 'model',
    name: 'mobilenet-v2',
    version: '1.0.0',
    modality: 'image',
    task: 'image-classification',
    summary: 'A small network that names what is in a picture.',
    published: '2026-01-15',
    format: { name: 'safetensors' },
    license: { weights: 'Apache-2.0', statedIn: 'LICENSE', checked: '2026-11-01' },
    ...changes,
  };
  const weights = sha256(`${card.modality}/${card.kind}/${card.name}@${card.version}`);
  const files = [
    {
      path: 'model.safetensors',
      role: 'weights',
      size: 1_000_000,
      sha256: weights,
      sources: ['file:model.bin'],
    },
  ];
  return checkCard({ files, ...card }, 'sample card');
}
