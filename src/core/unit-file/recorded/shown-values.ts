/** Forms of values that several tables share, as `show` prints them. */
import { ok, problem } from '../../../base/result.ts';
import { formatTimeSpan, parseTimeSpan } from '../../time/time-span.ts';
import { parseAbsolutePath } from '../setting-reader.ts';
import { parseBoolean, parseUnsigned } from '../value/number.ts';
import { expanded, shownAs, type ShownValue } from './recorder.ts';

export const FLAG: ShownValue = shownAs(parseBoolean, (flag) => (flag ? 'yes' : 'no'));

export const NUMBER: ShownValue = shownAs((text) => parseUnsigned(text), String);

export const SPAN: ShownValue = (text) => {
  const span = parseTimeSpan(text);
  return span.ok ? ok(formatTimeSpan(span.value)) : problem(`'${text.slice(0, 60)}' is not a time span such as 5min 20s`);
};

/** An absolute path with specifiers. */
export const PATH: ShownValue = expanded(shownAs(parseAbsolutePath, (path) => path));

/** The same, where specifiers that leave nothing go back to the default. */
export const PATH_OR_NONE: ShownValue = expanded((text) => (text === '' ? ok('') : parseAbsolutePath(text)));

/** Any text with specifiers. */
export const TEXT: ShownValue = expanded(ok);
