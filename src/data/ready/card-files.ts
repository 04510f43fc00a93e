/** Data set cards whose files are one example each. */
import { basename, join } from 'node:path';
import type { Card } from '../../registry/card.js';
import type { Example } from '../dataset.js';
import { fileExample } from '../file-example.js';

/** What a file's name says about it; undefined where it is no example. */
export type NameReader = (name: string) => { label: string | undefined; part?: 'train' | 'test' } | undefined;

/** The files of role `data`, in the order of the card. */
export function cardFileExamples(folder: string, card: Card, read: NameReader): Example[] {
  return card.files.flatMap((file) => {
    const said = file.role === 'data' ? read(basename(file.path)) : undefined;
    if (said === undefined) return [];
    return [
      fileExample({
        path: join(folder, file.path),
        name: file.path,
        modality: card.modality,
        labels: said.label === undefined ? [] : [said.label],
        part: said.part,
      }),
    ];
  });
}

/** The photographs whose class among ImageNet's is known. */
const PHOTOS = new Map([
  ['coffee.png', 'espresso'],
  ['camera.png', 'tripod'],
  ['chelsea.png', 'Egyptian cat'],
]);

export const photo: NameReader = (name) => ({ label: PHOTOS.get(name) });

/** `Cs3.wav` and a second take, `F2 v2.wav`: the pitch, an s for sharp. */
export const instrumentNote: NameReader = (name) => {
  const pitch = /^([A-G]s?\d)(?: v\d+)?\.wav$/.exec(name)?.[1];
  return pitch === undefined ? undefined : { label: pitch };
};

/** `7_jackson_32.wav`: digit, speaker, take; takes 0 to 4 are the published test part. */
export const spokenDigit: NameReader = (name) => {
  const [, label, take] = /^(\d)_[a-z]+_(\d+)\.wav$/.exec(name) ?? [];
  if (label === undefined) return undefined;
  return { label, part: Number(take) < 5 ? 'test' : 'train' };
};
