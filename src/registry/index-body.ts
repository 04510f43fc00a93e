/**
 * A card as a row of the index: canonical JSON, deflated with a preset dictionary. Long label lists are kept
 * apart, as thousands of cards share the 1,000 names of ImageNet.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { canonicalJson } from './canonical-card.js';
import type { Card } from './card.js';
import { SHARED_LIST_LENGTH } from './index-format.js';

/** No card is larger (see `parseCard`), so a body that inflates to more is damaged. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

export interface CardParts {
  readonly body: Buffer;
  /** `output.labels` and `classes` where they are long enough to be kept apart. */
  readonly labels: readonly string[] | undefined;
  readonly classes: readonly string[] | undefined;
}

/** @param canonical the card's canonical JSON. */
export function splitCard(card: Card, canonical: string): CardParts {
  const labels = longList(card.output?.labels);
  const classes = longList(card.classes);
  if (labels === undefined && classes === undefined) return { body: pack(canonical), labels, classes };
  const { $schema: _editor, withdrawn: _later, ...rest } = card;
  if (classes !== undefined) delete rest.classes;
  if (labels !== undefined && rest.output !== undefined) {
    const { labels: _apart, ...output } = rest.output;
    rest.output = output;
  }
  return { body: pack(canonicalJson(rest)), labels, classes };
}

function longList(list: readonly string[] | undefined): readonly string[] | undefined {
  return list !== undefined && list.length >= SHARED_LIST_LENGTH ? list : undefined;
}

/** Puts a card together again. The lists and `withdrawn` go back in; the result owns them. */
export function joinCard(parts: {
  body: Buffer;
  labels?: string[] | undefined;
  classes?: string[] | undefined;
  withdrawn?: Card['withdrawn'];
}): Card {
  const card = JSON.parse(unpack(parts.body)) as Card; // written by splitCard from a checked card; resolve compares digests
  if (parts.classes !== undefined) card.classes = parts.classes;
  if (parts.labels !== undefined) card.output = { ...card.output, labels: parts.labels };
  if (parts.withdrawn !== undefined) card.withdrawn = parts.withdrawn;
  return card;
}

/** A small window costs a card nothing and saves most of the time that zlib spends on setting one up. */
const WINDOW_BITS = 13;

export function pack(text: string): Buffer {
  return deflateRawSync(text, { level: 3, memLevel: 6, windowBits: WINDOW_BITS, dictionary: DICTIONARY });
}

export function unpack(data: Buffer): string {
  const options = { windowBits: WINDOW_BITS, chunkSize: 4096, dictionary: DICTIONARY };
  return inflateRawSync(data, { ...options, maxOutputLength: MAX_BODY_BYTES }).toString('utf8');
}

/** What most cards say, the most frequent last. A change needs a new INDEX_VERSION. */
const DICTIONARY = Buffer.from(
  [
    '"classes":["","paper":{"title":"","url":"https://arxiv.org/abs/"},"homepage":"https://',
    '"notes":"","base":{"digest":"","reference":"","split":"train test","content":"',
    '"alternatives":[{"layer":"","pooling":"average"},"shape":[null,1024],"width":2048',
    '"colourOrder":"RGB","dtype":"float32","layout":"NHWC","mean":[0.485,0.456,0.406],"modality":"image",',
    '"range":[0,1],"resize":{"method":"bilinear","to":[224,224]},"shape":[null,224,224,3],"std":[0.229,0.224,0.225]',
    '"dtype":"float32","modality":"audio","sampleRate":16000,"shape":[null,16000],"window":{"hop":160,"samples":400}',
    '"input":{"maxLength":512,"modality":"text","tokenizer":{"file":"tokenizer.json","kind":"wordpiece",',
    '"lowerCase":true,"vocabulary":30522}},"task":"sentence-embedding","text-classification","keyword-spotting"',
    '"task":"image-classification","training":{"classes":1000,"dataset":"ImageNet-1k","examples":1281167}',
    '"output":{"activation":"softmax","labels":["","layer":"dense","units":10},"parameters":',
    '"published":"2025-01-01","summary":"","version":"1.0.0"}',
    '"archives":[{"locator":"npm:","name":".tgz","pieces":["","locator":"pypi:","name":"-py3-none-any.whl"',
    '"format":{"detail":"","name":"pytorch"},"onnx"},"tflite"},"tfjs-graph"},"safetensors"},"tfjs-layers"}',
    '"features":{"head":"classifier","layer":"avg_pool","shape":[null,1280],"width":1280},',
    '"license":{"caveats":["","checked":"2026-01-01","code":"Apache-2.0","statedIn":"package/LICENSE","weights":"MIT"}',
    '"CC-BY-4.0"},"BSD-3-Clause"},"modality":"image","name":"',
    '{"architecture":"","files":[{"path":"model.json","role":"topology","sha256":"","size":,"sources":["npm:@#',
    '"],"path":"LICENSE","role":"license","sha256":"","sources":["github:@:"https://"]}],"kind":"model"',
    '{"path":"group1-shard1of1.bin","pieces":["","role":"weights","sha256":"","size":,"sources":["hf:/@#model.safetensors"]}',
  ].join(''),
);
