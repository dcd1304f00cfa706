/** A law was broken; the message begins with its name. */
export class BrokenLaw extends Error {
  readonly law: string;

  constructor(law: string, what: string) {
    super(`${law}: ${what}`);
    this.law = law;
  }
}
