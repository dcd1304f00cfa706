/** fengari comes without types: fengari.ts gives its modules theirs. */
declare module 'fengari/src/*.js' {
  const module: object;
  // eslint-disable-next-line no-restricted-syntax -- CommonJS modules have only this.
  export default module;
}
