/** Whether `ZOO_OFFLINE` forbids the network. */

/** True for any value but an empty one, `0` and `false`. */
export function isOffline({ ZOO_OFFLINE }: NodeJS.ProcessEnv): boolean {
  return ZOO_OFFLINE !== undefined && !/^(0|false|)$/.test(ZOO_OFFLINE);
}
