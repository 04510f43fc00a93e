import { afterEach, describe, expect, it } from 'vitest';
import { parseLocator } from '../../src/registry/locator.js';
import { whereDenied } from '../../src/sources/github.js';
import { openHttp } from '../../src/sources/http/http-client.js';
import { openSources } from '../../src/sources/open-sources.js';
import { type Answer, binary, localServer } from '../support/fake-registries.js';
import { isolatedEnv } from '../support/isolated-env.js';
import { quiet, readCandidate, readRemote } from '../support/read-remote.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const LOCATOR = parseLocator(`github:owner/net@${COMMIT}:weights/a b.bin`);
const BYTES = Buffer.from('weights');

async function sourcesWith(env: Record<string, string>) {
  const sources = openSources({ env: isolatedEnv(await temporaryFolder('github'), env) });
  opened.push(sources);
  return sources;
}

describe('github:', () => {
  it('reads raw files of a commit from a mirror, which never gets a token', async () => {
    const mirror = await localServer(() => binary(BYTES));
    opened.push(mirror);
    const tokens = { GITHUB_TOKEN: 'ghp_secret', GH_TOKEN: 'gho_secret' };
    const sources = await sourcesWith({ ZOO_GITHUB_ENDPOINT: `${mirror.origin}/raw`, ...tokens });
    expect(await readCandidate(sources.candidate(LOCATOR))).toEqual(BYTES);
    expect(mirror.asked.map(({ url }) => url)).toEqual([`/raw/owner/net/${COMMIT}/weights/a%20b.bin`]);
    expect(JSON.stringify(mirror.asked)).not.toContain('secret');
  });

  it('gives a mirror no token when it denies a file either', async () => {
    const mirror = await localServer(() => undefined);
    opened.push(mirror);
    const sources = await sourcesWith({ ZOO_GITHUB_ENDPOINT: mirror.origin, GITHUB_TOKEN: 'ghp_secret' });
    await expect(readCandidate(sources.candidate(LOCATOR))).rejects.toMatchObject({ kind: 'missing' });
    expect(mirror.asked).toHaveLength(1);
    expect(JSON.stringify(mirror.asked)).not.toContain('secret');
  });

  it("goes to GitHub's raw host by default", async () => {
    const file = await (await sourcesWith({})).candidate(LOCATOR).open(quiet());
    expect(file.host).toBe('raw.githubusercontent.com');
  });
});

describe('whereDenied', () => {
  async function files(answer: (token: string | undefined) => Answer | undefined) {
    const server = await localServer(({ headers }) => answer(headers.authorization));
    const http = openHttp({ env: {} });
    opened.push(server, http);
    const file = whereDenied(
      http.file(`${server.origin}/x`, { label: 'x' }),
      http.file(`${server.origin}/x`, { label: 'x', headers: { authorization: 'token t' } }),
    );
    return { file, sent: () => server.asked.map(({ headers }) => headers.authorization) };
  }

  it('keeps the token to itself while files are public', async () => {
    const { file, sent } = await files(() => binary(BYTES));
    expect(await readRemote(file)).toEqual(BYTES);
    expect(await readRemote(file)).toEqual(BYTES);
    expect(sent()).toEqual([undefined, undefined]);
  });

  it.each([404, 403, 429])('shows it after a %i, and from then on', async (status) => {
    const { file, sent } = await files((token) => (token === 'token t' ? binary(BYTES) : { status }));
    expect(await readRemote(file)).toEqual(BYTES);
    expect(await readRemote(file)).toEqual(BYTES);
    expect(sent()).toEqual([undefined, 'token t', 'token t']);
  });

  it('does not help where the server is ill, and goes back to none when it was in vain', async () => {
    const ill = await files(() => ({ status: 500 }));
    await expect(readRemote(ill.file)).rejects.toMatchObject({ kind: 'broken' });
    expect(ill.sent()).toEqual([undefined]);
    const gone = await files(() => ({ status: 404 }));
    await expect(readRemote(gone.file)).rejects.toMatchObject({ kind: 'missing' });
    await expect(readRemote(gone.file)).rejects.toMatchObject({ kind: 'missing' });
    expect(gone.sent()).toEqual([undefined, 'token t', undefined, 'token t']);
  });
});
