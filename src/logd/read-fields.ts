/** The way back from an entry's JSON (`fieldsOf` in render.ts) to the entry: for clients that have only the query socket. */
import type { InvocationId } from '../base/brand.ts';
import type { LogEntry } from './entry.ts';
import { NO_UNIT } from './protocol.ts';

type Fields = Readonly<Record<string, unknown>>;

function text(fields: Fields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : '';
}

/** What the JSON does not tell (the number of the stream, the manager's identity) is left empty: no output format shows it. */
export function readFields(fields: Fields): { readonly entry: LogEntry; readonly hostname: string | null } {
  const cursor = /;s=(\d+);o=(\d+)$/.exec(text(fields, '__CURSOR'));
  const message = fields['MESSAGE'];
  const body = Array.isArray(message) ? Buffer.from(message as number[]) : Buffer.from(text(fields, 'MESSAGE'));
  const unit = text(fields, '_SYSTEMD_UNIT') || NO_UNIT;
  const pid = fields['_PID'] === undefined ? null : Number(fields['_PID']);
  const lineBreak = text(fields, '_LINE_BREAK');
  const priority = Number(fields['PRIORITY']);
  const isManagers = fields['_TRANSPORT'] === 'manager';
  return {
    hostname: typeof fields['_HOSTNAME'] === 'string' ? fields['_HOSTNAME'] : null,
    entry: {
      unit: text(fields, 'UNIT') || unit, identifier: text(fields, 'SYSLOG_IDENTIFIER'), pid, priority, text: body,
      fields: (fields['FIELDS'] as LogEntry['fields'] | undefined) ?? null,
      line: {
        origin: {
          stream: 0, unit, invocationId: (fields['_SYSTEMD_INVOCATION_ID'] as InvocationId | undefined) ?? null, identifier: text(fields, 'SYSLOG_IDENTIFIER'),
          output: (text(fields, '_STREAM') || 'syslog') as LogEntry['line']['origin']['output'], priority, pid, levelPrefix: false, levelMax: 7, format: isManagers ? 'pino' : 'text',
          bootId: text(fields, '_BOOT_ID'), manager: '', continues: false,
        },
        realtimeUsec: Number(fields['__REALTIME_TIMESTAMP']), monotonicUsec: Number(fields['__MONOTONIC_TIMESTAMP']), priority, text: body,
        facility: fields['SYSLOG_FACILITY'] === undefined ? null : Number(fields['SYSLOG_FACILITY']),
        continues: fields['_CONTINUES'] === '1', ending: lineBreak === '' ? 'newline' : lineBreak === 'line-max' ? 'cut' : 'end',
        loss: fields['LOST_LINES'] === undefined ? null : { lines: Number(fields['LOST_LINES']), bytes: Number(fields['LOST_BYTES']), reason: '' },
        sequence: Number(cursor?.[1] ?? 0), offset: Number(cursor?.[2] ?? 0),
      },
    },
  };
}
