import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseLocator } from '../../src/registry/locator.js';
import { openSources } from '../../src/sources/open-sources.js';
import { binary, localServer } from '../support/fake-registries.js';
import { isolatedEnv } from '../support/isolated-env.js';
import { quiet, readCandidate } from '../support/read-remote.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
});

const LOCATOR = parseLocator('hf:owner/net@v1.0#sub/model.safetensors');
const BYTES = Buffer.from('weights');

/** An endpoint that keeps its files on a storage host of another origin. */
async function endpoint() {
  const storage = await localServer(() => binary(BYTES));
  const hub = await localServer(() => ({
    status: 302,
    headers: { location: `${storage.origin}/signed?signature=s1gned` },
  }));
  opened.push(storage, hub);
  return { storage, hub };
}

async function read(env: Record<string, string>, files: Record<string, string> = {}) {
  const home = await temporaryFolder('hf');
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(home, name)), { recursive: true });
    await writeFile(join(home, name), text);
  }
  const placed = Object.entries(env).map(([name, value]) => [name, value.replace('~', home)]);
  const sources = openSources({ env: isolatedEnv(home, Object.fromEntries(placed)), cwd: home });
  opened.push(sources);
  return readCandidate(sources.candidate(LOCATOR));
}

describe('hf:', () => {
  it('follows to the storage host, where the token does not go', async () => {
    const { hub, storage } = await endpoint();
    expect(await read({ HF_ENDPOINT: `${hub.origin}/`, HF_TOKEN: ' hf_secret ' })).toEqual(BYTES);
    expect(hub.asked.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/owner/net/resolve/v1.0/sub/model.safetensors', 'Bearer hf_secret'],
    ]);
    expect(storage.asked.map(({ url, headers }) => [url, headers.authorization])).toEqual([
      ['/signed?signature=s1gned', undefined],
    ]);
  });

  it("finds the token where Hugging Face's own clients keep it", async () => {
    const { hub } = await endpoint();
    const HF_ENDPOINT = hub.origin;
    const usual = { '.cache/huggingface/token': 'usual\n' };
    await read({ HF_ENDPOINT }, usual);
    await read({ HF_ENDPOINT, XDG_CACHE_HOME: '~/xdg' }, { ...usual, 'xdg/huggingface/token': 'xdg' });
    await read({ HF_ENDPOINT, HF_HOME: '~/hf' }, { ...usual, 'hf/token': 'home' });
    await read({ HF_ENDPOINT, HF_HOME: '~/hf', HF_TOKEN_PATH: '~/t' }, { 'hf/token': 'home', t: 'path' });
    await read({ HF_ENDPOINT, HF_TOKEN: 'env' }, usual);
    await read({ HF_ENDPOINT, HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' }, usual);
    await read({ HF_ENDPOINT });
    expect(hub.asked.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer usual',
      'Bearer xdg',
      'Bearer home',
      'Bearer path',
      'Bearer env',
      undefined,
      undefined,
    ]);
  });

  it('asks nobody when HF_HUB_OFFLINE says so', async () => {
    const { hub } = await endpoint();
    const reading = read({ HF_ENDPOINT: hub.origin, HF_HUB_OFFLINE: '1' });
    await expect(reading).rejects.toThrow(/HF_HUB_OFFLINE/);
    expect(hub.asked).toEqual([]);
  });

  it('refuses an endpoint that is no address or holds a password, without showing it', async () => {
    for (const HF_ENDPOINT of ['ftp://s3cret.example', 'https://user:s3cret@hub.example', 's3cret']) {
      const error = await read({ HF_ENDPOINT }).catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'USAGE', message: expect.stringContaining('HF_ENDPOINT') });
      expect(JSON.stringify(error)).not.toContain('s3cret');
    }
  });

  it('goes to the public endpoint by default, over https', async () => {
    const sources = openSources({ env: isolatedEnv(await temporaryFolder('hf')) });
    opened.push(sources);
    const file = await sources.candidate(LOCATOR).open(quiet());
    expect(file.host).toBe('huggingface.co');
    expect(file.label).toBe('hf:owner/net@v1.0#sub/model.safetensors');
  });
});
