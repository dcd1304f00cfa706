/** `NAME=value` assignments and variable names. Source: systemd.exec(5), Environment=. */

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Whether `text` can be the name of an environment variable. */
export function isVariableName(text: string): boolean {
  return NAME.test(text);
}

/** Whether `text` is an assignment with a valid name; values may hold anything but NUL and control characters other than tab and line feed. */
export function isAssignment(text: string): boolean {
  const equals = text.indexOf('=');
  return equals > 0 && NAME.test(text.slice(0, equals)) && !/[\u0000-\u0008\u000b-\u001f\u007f]/.test(text.slice(equals + 1));
}
