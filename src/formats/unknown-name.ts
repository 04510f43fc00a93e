/** What a person is told who asks for a layer, node or parameter that a network does not have. */
import { distance } from 'fastest-levenshtein';
import { ZooError } from '../core/errors.js';

const SUGGESTIONS = 3;
/** Beyond this many the distances would take longer than a person waits. */
const MAX_COMPARED = 20_000;
const MAX_NAME = 300;

/** @param names those that there are. @returns an error `NOT_FOUND` with the nearest names. */
export function unknownCut(wanted: string, names: Iterable<string>): ZooError {
  const near = nearestNames(wanted, names);
  return new ZooError('NOT_FOUND', `The network has no layer or node called ${wanted.slice(0, MAX_NAME)}`, {
    expected: near.length === 0 ? undefined : `such as ${near.join(', ')}`,
    found: wanted.slice(0, MAX_NAME),
    hint: 'zoo inspect lists the layers and nodes where a network can be cut.',
  });
}

/** @param names those that there are. @returns an error `NOT_FOUND` with the nearest names. */
export function unknownParameter(wanted: string, names: Iterable<string>): ZooError {
  const near = nearestNames(wanted, names);
  return new ZooError('NOT_FOUND', `The network has no parameter called ${wanted.slice(0, MAX_NAME)}`, {
    expected: near.length === 0 ? undefined : `such as ${near.join(', ')}`,
    found: wanted.slice(0, MAX_NAME),
  });
}

/** Names that end as `wanted` does come first, as people leave out the scopes in front; then by edit distance. */
function nearestNames(wanted: string, names: Iterable<string>): string[] {
  const text = wanted.slice(0, MAX_NAME);
  const scored: { name: string; score: number }[] = [];
  for (const name of names) {
    if (scored.length >= MAX_COMPARED) break;
    const scoped = text !== '' && (name.endsWith(`/${text}`) || name.split('/').includes(text));
    scored.push({ name, score: scoped ? -1 : distance(text, name.slice(0, MAX_NAME)) });
  }
  return scored
    .toSorted((a, b) => a.score - b.score)
    .slice(0, SUGGESTIONS)
    .map(({ name }) => name);
}
