/** Names of credentials: systemd.exec(5), LoadCredential=. */

/** A file name of printable ASCII without the colon that ends it in a unit file. */
const CREDENTIAL_ID = /^[\x20-\x2e\x30-\x39\x3b-\x7e]{1,255}$/;

export function isCredentialId(id: string): boolean {
  return CREDENTIAL_ID.test(id) && id !== '.' && id !== '..';
}
