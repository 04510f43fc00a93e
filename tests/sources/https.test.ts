import { afterEach, describe, expect, it } from 'vitest';
import { parseLocator } from '../../src/registry/locator.js';
import { addressLabel } from '../../src/sources/address-label.js';
import { openSources } from '../../src/sources/open-sources.js';
import { binary, localServer } from '../support/fake-registries.js';
import { quiet, readCandidate } from '../support/read-remote.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

describe('https:', () => {
  it('reads an address with its query, which no message shows', async () => {
    const server = await localServer(({ url }) =>
      url === '/f.bin?sig=s3cret' ? binary(Buffer.from('x')) : undefined,
    );
    const sources = openSources({ env: {} });
    opened.push(server, sources);
    const candidate = sources.candidate(parseLocator(`${server.origin}/f.bin?sig=s3cret#member`));
    expect((await readCandidate(candidate)).toString()).toBe('x');
    expect(candidate.label).toBe(`${server.origin}/f.bin?…`);
    const missing = sources.candidate(parseLocator(`${server.origin}/g.bin?sig=s3cret`));
    const fault = await readCandidate(missing).catch((error: unknown) => error);
    expect(fault).toMatchObject({ kind: 'missing' });
    expect(String(fault)).not.toContain('s3cret');
  });

  it('asks other machines over https only', async () => {
    const sources = openSources({ env: {} });
    opened.push(sources);
    const candidate = sources.candidate({ scheme: 'https', url: 'http://files.example/a' });
    await expect(candidate.open(quiet())).rejects.toMatchObject({ code: 'USAGE' });
  });

  it('has labels without secrets', () => {
    expect(addressLabel('https://u:p@files.example/a%20b?x=1#y')).toBe('https://files.example/a%20b?…');
    expect(addressLabel('s3cret')).not.toContain('s3cret');
  });
});
