/** A world with a network that sees, one that hears, and pictures of two colours. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Card } from '../../src/registry/card.js';
import { nativeRuntime } from '../support/checkout-runtime.js';
import { startFaultServer } from '../support/fault-server.js';
import { cardOf, type World } from '../support/zoo-world.js';
import { type TinyNetwork, tinyAudioNetwork, tinyImageNetwork } from '../transfer/tiny-network.js';

/** The card of a tiny network with its files on a server. */
async function served(world: World, { folder, card }: TinyNetwork): Promise<Card> {
  const server = world.closeLater(await startFaultServer());
  const files: Parameters<typeof cardOf>[0]['files'] = Object.fromEntries(
    await Promise.all(
      card.files.map(async ({ path, role }) => {
        const bytes = await readFile(join(folder, path));
        return [path, { bytes, role, sources: [server.serve(path, bytes)] }] as const;
      }),
    ),
  );
  const { files: _, archives: __, ...rest } = card;
  return cardOf({ ...rest, files });
}

/** An 8 x 8 picture as a bitmap file, in one colour with one other pixel. */
export function bitmap(blue: number, green: number, red: number): Buffer {
  const [header, row] = [54, 24];
  const bytes = Buffer.alloc(header + 8 * row);
  bytes.write('BM', 0);
  bytes.writeUInt32LE(bytes.length, 2);
  bytes.writeUInt32LE(header, 10);
  bytes.writeUInt32LE(40, 14);
  bytes.writeInt32LE(8, 18);
  bytes.writeInt32LE(8, 22);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  for (let at = header; at < bytes.length; at += 3) bytes.set([blue, green, red], at);
  bytes.set([255 - blue, green, 7], header);
  return bytes;
}

/** Puts `tiny-eye` and `tiny-ear` into the index, and five pictures each of `red` and `sky` into `pictures`. */
export async function makeTinyWorld(world: World): Promise<void> {
  world.setEnv({ ZOO_RUNTIME: nativeRuntime() });
  await world.index(
    await served(world, await tinyImageNetwork()),
    await served(world, await tinyAudioNetwork()),
  );
  await writePictures(join(world.cwd, 'pictures'), 0);
}

/** @param shade 0 to 20: other pictures of the same colours. */
export async function writePictures(root: string, shade: number, count = 5): Promise<void> {
  for (const [label, colour] of [
    ['red', [0, 0, 250]],
    ['sky', [250, 200, 0]],
  ] as const) {
    const folder = join(root, label);
    await mkdir(folder, { recursive: true });
    for (let index = 0; index < count; index++) {
      const [blue = 0, green = 0, red = 0] = colour.map((value) =>
        Math.abs(value - ((9 * index) % 70) - shade),
      );
      await writeFile(join(folder, `${index}.bmp`), bitmap(blue, green, red));
    }
  }
}
