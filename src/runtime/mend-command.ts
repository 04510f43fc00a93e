/** The command that mends an installed runtime. */
import { readOffers, runtimeId } from './offers.js';

export interface MendOptions {
  /** Builds all of it anew: for a runtime whose files are right and that still does not work. Default false. */
  readonly force?: boolean;
}

/**
 * Only what is on offer for this machine can be mended; of anything else only the removal helps.
 * @param runtime name of its folder, such as `2.18.1-cpu-linux-x64`.
 */
export function mendCommand(runtime: string, { force = false }: MendOptions = {}): string {
  const { offers, default: usual } = readOffers();
  const offer = offers.find((one) => runtimeId(one) === runtime);
  if (offer?.platform !== `${process.platform}-${process.arch}`) return `zoo runtime remove ${runtime}`;
  const options = [
    ...(offer.device === 'gpu' ? [' --gpu'] : []),
    ...(offer.tensorflow === usual ? [] : [` --version ${offer.tensorflow}`]),
    ...(force ? [' --force'] : []),
  ];
  return `zoo runtime install${options.join('')}`;
}
