import { describe, expect, it } from 'vitest';
import { type AddressKind, hostKind, literalHostKind } from '../../src/sources/address-kind.js';

/** Spellings of hosts, as an address in a registry's answer would hold them. */
const HOSTS: [string, AddressKind][] = [
  ['169.254.169.254', 'never'],
  ['[::ffff:169.254.169.254]', 'never'],
  ['[fe80::1]', 'never'],
  ['[fd00:ec2::254]', 'never'],
  ['100.100.100.200', 'never'],
  ['0.0.0.0', 'never'],
  ['0', 'never'],
  ['[::]', 'never'],
  ['224.0.0.1', 'never'],
  ['255.255.255.255', 'never'],
  ['[ff02::1]', 'never'],
  ['2852039166', 'never'],
  ['0xa9.0xfe.43518', 'never'],
  ['127.0.0.1', 'loopback'],
  ['127.255.0.3', 'loopback'],
  ['0x7f.1', 'loopback'],
  ['2130706433', 'loopback'],
  ['[::1]', 'loopback'],
  ['[::ffff:127.0.0.1]', 'loopback'],
  ['[0:0:0:0:0:ffff:7f00:1]', 'loopback'],
  ['localhost', 'loopback'],
  ['LOCALHOST.', 'loopback'],
  ['a.localhost', 'loopback'],
  ['10.1.2.3', 'private'],
  ['172.31.0.1', 'private'],
  ['192.168.1.1', 'private'],
  ['100.64.0.1', 'private'],
  ['[fd12::1]', 'private'],
  ['[::ffff:10.0.0.1]', 'private'],
  ['172.32.0.1', 'public'],
  ['11.0.0.1', 'public'],
  ['126.255.255.255', 'public'],
  ['[2606:4700::1]', 'public'],
];

describe('the kind of a host', () => {
  it.each(HOSTS)('%s is %s', async (host, kind) => {
    const { hostname } = new URL(`https://${host}/`);
    expect(literalHostKind(hostname)).toBe(kind);
    expect(await hostKind(hostname)).toBe(kind);
  });

  it('needs a name server for names', async () => {
    expect(literalHostKind('registry.example')).toBeUndefined();
    expect(literalHostKind('notlocalhost')).toBeUndefined();
    expect(await hostKind('name.invalid')).toBeUndefined();
  });
});
