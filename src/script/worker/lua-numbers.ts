/** Functions of Lua 5.2 that 5.3 has not: `bit32` and a few of `math`. Source: Lua 5.2 reference manual, 6.6 and 6.7. */

/** A text is the message of an error. */
export type NumberFunction = (...given: readonly number[]) => number | boolean | string;

const WIDTH = 32;

/** A number modulo 2^32, which is what the functions are defined on. */
function word(value: number | undefined): number {
  const whole = Math.floor(value ?? 0);
  return (whole - Math.floor(whole / 2 ** WIDTH) * 2 ** WIDTH) >>> 0;
}

function shiftLeft(value: number, by: number): number {
  if (by <= -WIDTH || by >= WIDTH) return 0;
  return by >= 0 ? (value << by) >>> 0 : value >>> -by;
}

function shiftArithmetic(value: number, by: number): number {
  if (by < 0) return shiftLeft(value, -by);
  return ((value | 0) >> Math.min(by, WIDTH - 1)) >>> 0;
}

function rotateLeft(value: number, by: number): number {
  const turn = ((by % WIDTH) + WIDTH) % WIDTH;
  return turn === 0 ? value : ((value << turn) | (value >>> (WIDTH - turn))) >>> 0;
}

/** @param compute gets the value, the position and a mask as wide as the field */
function onField(at: number | undefined, width: number | undefined, compute: (at: number, mask: number) => number): number | string {
  const from = at ?? 0;
  const wide = width ?? 1;
  if (from < 0 || wide < 1 || from + wide > WIDTH) return 'trying to access non-existent bits';
  return compute(from, wide === WIDTH ? 0xffff_ffff : 2 ** wide - 1);
}

const and = (values: readonly number[]): number => values.reduce((all, value) => (all & word(value)) >>> 0, 0xffff_ffff);

export const BIT_OPERATIONS: Readonly<Record<string, NumberFunction>> = {
  band: (...values) => and(values),
  bor: (...values) => values.reduce((all, value) => (all | word(value)) >>> 0, 0),
  bxor: (...values) => values.reduce((all, value) => (all ^ word(value)) >>> 0, 0),
  bnot: (value) => ~word(value) >>> 0,
  btest: (...values) => and(values) !== 0,
  lshift: (value, by = 0) => shiftLeft(word(value), by),
  rshift: (value, by = 0) => shiftLeft(word(value), -by),
  arshift: (value, by = 0) => shiftArithmetic(word(value), by),
  lrotate: (value, by = 0) => rotateLeft(word(value), by),
  rrotate: (value, by = 0) => rotateLeft(word(value), -by),
  extract: (value, at, width) => onField(at, width, (from, mask) => ((word(value) >>> from) & mask) >>> 0),
  replace: (value, field, at, width) => onField(at, width, (from, mask) => ((word(value) & ~(mask << from)) | ((word(field) & mask) << from)) >>> 0),
};

export const OLD_MATHEMATICS: Readonly<Record<string, NumberFunction>> = {
  pow: (base = NaN, exponent = NaN) => base ** exponent,
  log10: (value = NaN) => Math.log10(value),
  ldexp: (value = NaN, exponent = NaN) => value * 2 ** exponent,
  cosh: (value = NaN) => Math.cosh(value),
  sinh: (value = NaN) => Math.sinh(value),
  tanh: (value = NaN) => Math.tanh(value),
};
