/** Failed routes in words that are the same for all files they failed for. */
import { ZooError, type ZooErrorCode } from '../core/errors.js';
import { archiveLocator, formatLocator, type Locator } from '../registry/locator.js';
import { addressLabel } from '../sources/address-label.js';
import { SourceFault } from '../sources/remote-file.js';
import type { PullEvent } from './pull-events.js';
import type { Route } from './routes.js';
import type { WantedBlob } from './wanted-blob.js';

export interface RouteFailure {
  readonly route: Route;
  readonly error: ZooError;
}

type Fallback = Extract<PullEvent, { type: 'fallback' }>;

/** What is told of blobs whose next route is tried: one event for all that failed and go on the same way. */
export function fallbackEvents(
  failed: readonly { readonly blob: WantedBlob; readonly failure: RouteFailure; readonly next: Route }[],
): Fallback[] {
  const events = new Map<string, Fallback>();
  for (const { blob, failure, next } of failed) {
    const from = placeOf(failure.route);
    const to = placeOf(next);
    const known = events.get(`${from}\n${to}`);
    events.set(`${from}\n${to}`, {
      type: 'fallback',
      label: known?.label ?? blob.label,
      files: (known?.files ?? 0) + 1,
      from,
      reason: known?.reason ?? reasonOf(failure),
      next: to,
    });
  }
  return [...events.values()];
}

/** Codes that say more than that something could not be reached. */
const TELLING: readonly ZooErrorCode[] = ['UNSAFE_ARCHIVE', 'INTEGRITY'];

/** The error of a blob that no route could give: that of its only route, or one that names them all. */
export function noRouteLeft(blob: WantedBlob, failures: readonly RouteFailure[]): ZooError {
  const last = failures.at(-1)?.error;
  if (last === undefined) return new ZooError('NOT_FOUND', `Nothing is known that has ${blob.label}`);
  if (failures.length === 1) return last;
  const { code, hint } =
    failures.map(({ error }) => error).find((error) => TELLING.includes(error.code)) ?? last;
  return new ZooError(code, `No source could deliver ${blob.label}`, {
    found: failures.map((failure) => `${placeOf(failure.route)}: ${reasonOf(failure)}`).join('\n'),
    hint,
    cause: last,
  });
}

function placeOf(route: Route): string {
  if (route.kind === 'archive') return route.locator;
  return [...new Set(route.locators.map(placeOfLocator))].join(', ');
}

function placeOfLocator(locator: Locator): string {
  switch (locator.scheme) {
    case 'https':
      return new URL(locator.url).host;
    case 'hf':
    case 'github':
      return `${locator.scheme}:${locator.repository}`;
    case 'file':
    case 'npm':
    case 'pypi':
      return archiveLocator(locator);
  }
}

function reasonOf({ route, error }: RouteFailure): string {
  const fault = error.cause instanceof SourceFault ? error.cause.message : undefined;
  let reason = fault ?? [error.message, error.found].filter((part) => part !== undefined).join(': ');
  for (const label of labelsOf(route)) {
    if (reason.startsWith(`${label}: `)) reason = reason.slice(label.length + 2);
  }
  return reason;
}

function labelsOf(route: Route): string[] {
  if (route.kind === 'archive') return [`${route.locator}#${route.member}`, route.locator];
  return route.locators.map((locator) =>
    locator.scheme === 'https' ? addressLabel(locator.url) : formatLocator(locator),
  );
}
