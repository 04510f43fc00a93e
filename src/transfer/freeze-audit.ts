/**
 * Frozen means frozen: the sha256 of every tensor of a backbone before training and after. BatchNorm statistics that
 * moved, a variable that an optimiser reached, a tensor that was swapped: each is a failed run.
 */
import { createHash } from 'node:crypto';
import { type Digest, sha256 } from '../core/digest.js';
import { ZooError } from '../core/errors.js';
import type { Network, Parameter } from '../formats/network.js';

/** Tensors named in the message. */
const NAMED = 5;

export interface FreezeAudit {
  /** How many tensors are watched. */
  readonly tensors: number;
  /** Of all their names and bytes. */
  readonly digest: Digest;
  /** @throws ZooError `FAILED` that names the tensors that are not what they were. */
  verify(): Promise<void>;
}

/**
 * Takes the hashes of what must not change; about 1 s for a GB of weights.
 * @param frozen which parameters, by name; all by default.
 */
export async function startFreezeAudit(
  network: Network,
  frozen: (name: string) => boolean = () => true,
): Promise<FreezeAudit> {
  const before = await hashParameters(network, frozen);
  return {
    tensors: before.size,
    digest: sha256(JSON.stringify([...before])),
    async verify() {
      const after = await hashParameters(network, (name) => before.has(name));
      const changed = [...before]
        .filter(([name, digest]) => after.get(name) !== digest)
        .map(([name]) => name);
      if (changed.length === 0) return;
      const more = changed.length > NAMED ? ` and ${changed.length - NAMED} more` : '';
      throw new ZooError('FAILED', 'Frozen weights have changed: this run is void', {
        expected: `${before.size} tensors with the bytes they had before`,
        found: `changed: ${changed.slice(0, NAMED).join(', ')}${more}`,
        hint: 'This is a fault of the program. Please report it with the command that you ran.',
      });
    },
  };
}

/** sha256 of dtype, shape and values of each parameter. */
export async function hashParameters(
  network: Network,
  wanted: (name: string) => boolean = () => true,
): Promise<Map<string, Digest>> {
  const hashes = new Map<string, Digest>();
  for (const [name, parameter] of network.parameters) {
    if (wanted(name)) hashes.set(name, await hashParameter(parameter));
  }
  return hashes;
}

async function hashParameter({ value }: Parameter): Promise<Digest> {
  const hash = createHash('sha256').update(`${value.dtype} ${JSON.stringify(value.shape)}\n`);
  if (value.dtype === 'string') {
    for (const text of await value.data<'string'>()) hash.update(`${text.length} ${text}`);
  } else {
    const data = await value.data();
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('hex') as Digest; // a hex sha256 by construction
}
