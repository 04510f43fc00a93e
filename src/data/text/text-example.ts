/** An example whose text is in memory. */
import { sha256 } from '../../core/digest.js';
import type { Example } from '../dataset.js';

export interface TextExampleOptions {
  /** Unique in the data set. */
  readonly name: string;
  readonly text: string;
  readonly labels: readonly string[];
  readonly part?: 'train' | 'test' | undefined;
}

export function textExample({ name, text, labels, part }: TextExampleOptions): Example {
  return {
    name,
    labels,
    ...(part === undefined ? {} : { part }),
    load: async () => ({ kind: 'text', text }),
    digest: async () => sha256(text),
  };
}
