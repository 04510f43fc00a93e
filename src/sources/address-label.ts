/** Addresses in messages. */

/** An address without its query, which holds the signature of signed addresses, and without a user name. */
export function addressLabel(text: string): string {
  if (!URL.canParse(text)) return 'an address that can not be read';
  const url = new URL(text);
  return `${url.origin}${url.pathname}${url.search === '' ? '' : '?…'}`;
}
