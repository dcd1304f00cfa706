/** Base64 of RFC 4648, section 4, with its padding. */

/** Whether the text, which has no white space, is whole base64. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text);
}
