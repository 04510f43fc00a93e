/** Which of the offers is for this machine, and why none is. */
import { ZooError } from '../core/errors.js';
import { type Machine, thisMachine } from './machine.js';
import { type Device, type Offer, type OfferTable, readOffers } from './offers.js';

export interface OfferWish {
  /** A version of the table; its default when left out. */
  readonly version?: string | undefined;
  readonly device?: Device | undefined;
}

/**
 * The offer for `machine`.
 * @throws ZooError `USAGE` for a version that is not on offer; `NO_RUNTIME` where TensorFlow is not built for the
 * machine: Windows, another C library than glibc, an older glibc than it needs, another processor, a GPU elsewhere.
 */
export function chooseOffer(
  wish: OfferWish = {},
  machine: Machine = thisMachine(),
  table: OfferTable = readOffers(),
): Offer {
  const { version = table.default, device = 'cpu' } = wish;
  refuseForeignSystem(machine);
  const platform = `${machine.platform}-${machine.arch}`;
  const here = table.offers.filter((offer) => offer.platform === platform);
  if (here.length === 0) throw noBuild(platform, table);
  const ofDevice = here.filter((offer) => offer.device === device);
  if (ofDevice.length === 0) {
    throw new ZooError('NO_RUNTIME', `There is no TensorFlow for a GPU on ${platform}`, {
      expected: platforms(table.offers.filter((offer) => offer.device === device)),
      found: platform,
      hint: 'Install the one for the CPU: zoo runtime install',
    });
  }
  const offer = ofDevice.find(({ tensorflow }) => tensorflow === version);
  if (offer === undefined) {
    throw new ZooError('USAGE', `TensorFlow ${version} is not on offer`, {
      expected: ofDevice.map(({ tensorflow }) => tensorflow).join(', '),
      found: version,
      hint: `Leave --version out for ${table.default}.`,
    });
  }
  refuseOldGlibc(offer, machine, ofDevice);
  return offer;
}

function refuseForeignSystem({ platform, glibc }: Machine): void {
  if (platform === 'win32') {
    throw new ZooError('NO_RUNTIME', 'On Windows the native runtime is the one of tfjs-node itself', {
      expected: "@tensorflow/tfjs-node among the program's packages",
      hint: 'Install it with: npm install @tensorflow/tfjs-node@4.22.0',
    });
  }
  if (platform === 'linux' && glibc === undefined) {
    throw new ZooError('NO_RUNTIME', 'TensorFlow is built for glibc, and this system has another C library', {
      expected: 'glibc',
      found: 'musl, or another one',
      hint: 'Use an image with glibc, such as node:22-slim instead of node:22-alpine. Pulling and serving models works here.',
    });
  }
}

function refuseOldGlibc(offer: Offer, { glibc }: Machine, others: readonly Offer[]): void {
  const enough = (one: Offer) =>
    one.glibc === undefined || glibc === undefined || compareVersions(glibc, one.glibc) >= 0;
  if (enough(offer)) return;
  const older = others.filter(enough).map(({ tensorflow }) => tensorflow);
  throw new ZooError('NO_RUNTIME', `TensorFlow ${offer.tensorflow} needs a newer glibc than this system's`, {
    expected: `glibc ${offer.glibc} or newer`,
    found: `glibc ${glibc}`,
    hint:
      older.length > 0
        ? `Install an older one: zoo runtime install --version ${older.at(-1)}`
        : 'Use a newer system or container image. Pulling and serving models works here.',
  });
}

function noBuild(platform: string, { offers }: OfferTable): ZooError {
  return new ZooError('NO_RUNTIME', `TensorFlow is not built for ${platform}`, {
    expected: platforms(offers),
    found: platform,
    hint: 'Pulling and serving models works here. A build of your own can be used with ZOO_RUNTIME.',
  });
}

function platforms(offers: readonly Offer[]): string {
  return [...new Set(offers.map((offer) => offer.platform))].join(', ');
}

/** Versions of numbers and dots: negative when `a` is older. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  for (let index = 0; index < Math.max(left?.length ?? 0, right?.length ?? 0); index++) {
    const difference = (left?.[index] ?? 0) - (right?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
