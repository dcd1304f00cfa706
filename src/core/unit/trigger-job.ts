/** TriggerJob=: what a timer or path unit does with its unit when its moment has come. Our own; systemd only starts. */
export const TRIGGER_JOBS = ['start', 'restart', 'try-restart', 'reload', 'reload-or-restart', 'stop'] as const;

export type TriggerJob = (typeof TRIGGER_JOBS)[number];
