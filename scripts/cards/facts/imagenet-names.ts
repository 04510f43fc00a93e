/** The names of the 1,000 classes of ImageNet-1k, in the usual order of the output units. */
import { readFileSync } from 'node:fs';

/**
 * First names of the synsets with spaces. Three of them are told apart by a word in brackets, since a label must
 * name one class: the two cranes (bird, machine) and the second maillot (tank suit).
 */
export function imagenetNames(): string[] {
  return readFileSync(new URL('./imagenet-1k.txt', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
}
