import { describe, expect, it } from 'vitest';
import { linkedAddress, mayLink } from '../../src/sources/linked-address.js';
import { quiet } from '../support/read-remote.js';

function link(target: string, registry: string, proxied = false): Promise<string> {
  const from = new URL(registry);
  return linkedAddress(target, from, { registry: from, label: 'npm:a@1.0.0', proxied }, quiet()).then(
    (url) => url.href,
  );
}

const PUBLIC = 'https://93.184.215.14/npm/';
const LOCAL = 'http://127.0.0.1:4873/';

describe('linkedAddress', () => {
  it('follows to other hosts over https, and relative links', async () => {
    expect(await link('https://93.184.215.15:8443/a.tgz?x=1', PUBLIC)).toBe(
      'https://93.184.215.15:8443/a.tgz?x=1',
    );
    expect(await link('a/-/a-1.0.0.tgz', PUBLIC)).toBe(`${PUBLIC}a/-/a-1.0.0.tgz`);
    expect(await link('/b.tgz', LOCAL)).toBe(`${LOCAL}b.tgz`);
  });

  it.each([
    ['file:///etc/passwd', /scheme file:/],
    ['ftp://93.184.215.15/a.tgz', /scheme ftp:/],
    ['data:text/plain,x', /scheme data:/],
    ['javascript:alert(1)', /scheme javascript:/],
    ['https://user:secret@93.184.215.15/a.tgz', /user name/],
    ['https://user@93.184.215.14/a.tgz', /user name/],
    ['http://93.184.215.15/a.tgz', /without encryption/],
    ['http://169.254.169.254/latest/meta-data', /without encryption/],
    ['https://169.254.169.254/latest/meta-data', /link-local/],
    ['https://[::ffff:169.254.169.254]/', /link-local/],
    ['https://0xa9fea9fe/', /link-local/],
    ['https://[fd00:ec2::254]/', /link-local/],
    ['https://127.0.0.1/a.tgz', /loopback/],
    ['https://localhost/a.tgz', /loopback/],
    ['https://0x7f.1/a.tgz', /loopback/],
    ['https://10.0.0.1/a.tgz', /private/],
    ['https://[fd12::1]/a.tgz', /private/],
    ['https://0.0.0.0/a.tgz', /reserved/],
    ['https://', /no address/],
  ])('refuses %s from a public registry', async (target, reason) => {
    const fault = await link(target, PUBLIC).catch((error: unknown) => error);
    expect(fault).toMatchObject({ name: 'SourceFault', kind: expect.stringMatching(/refused|wrong/) });
    expect(String(fault)).toMatch(reason);
    expect(String(fault)).not.toContain('secret');
  });

  it('lets a registry on this machine name loopback addresses, but no metadata service', async () => {
    expect(await link('http://localhost:9000/a.tgz', LOCAL)).toBe('http://localhost:9000/a.tgz');
    await expect(link('http://169.254.169.254/', LOCAL)).rejects.toMatchObject({ kind: 'refused' });
  });

  it('judges names by what they resolve to, unless a proxy resolves them', async () => {
    // A name without a dot that the hosts file of every machine knows.
    await expect(link('https://localhost./a.tgz', PUBLIC)).rejects.toMatchObject({ kind: 'refused' });
    expect(await link('https://name.invalid/a.tgz', PUBLIC)).toBe('https://name.invalid/a.tgz');
    await expect(link('https://127.0.0.1/a.tgz', PUBLIC, true)).rejects.toMatchObject({ kind: 'refused' });
  });

  it('reads what lies on the registry itself over https, though the registry believes in http', async () => {
    expect(await link('http://93.184.215.14/npm/a.tgz', PUBLIC)).toBe(`${PUBLIC}a.tgz`);
    expect(await link('http://93.184.215.14:8443/a.tgz', 'https://93.184.215.14:8443/')).toBe(
      'https://93.184.215.14:8443/a.tgz',
    );
    await expect(link('http://93.184.215.14:81/a.tgz', PUBLIC)).rejects.toMatchObject({ kind: 'refused' });
  });

  it('orders networks from near to far', () => {
    const kinds = ['loopback', 'private', 'public'] as const;
    const allowed = kinds.map((from) => kinds.filter((to) => mayLink(from, to)));
    expect(allowed).toEqual([['loopback', 'private', 'public'], ['private', 'public'], ['public']]);
    expect(kinds.some((from) => mayLink(from, 'never'))).toBe(false);
  });
});
