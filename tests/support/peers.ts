import { findPeer, type PeerName } from '../../scripts/peers/peers.mjs';

export type { PeerName };

/**
 * Path of a peer's program, to hold the product against: `nginx`, `aria2`, `curl`, `time`, `hf`, `node22`, `node24`,
 * and for `pooch` the Python that has it. Undefined where it is not installed, so that a test can skip itself.
 * @throws Error when it is missing under CI, where a skipped comparison would pass for a good one.
 */
export function peer(name: PeerName): string | undefined {
  const path = findPeer(name);
  if (path === undefined && process.env.CI === 'true') {
    throw new Error(`${name} is missing: run node scripts/peers/install.mjs --only ${name}`);
  }
  return path;
}
