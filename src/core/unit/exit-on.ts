/**
 * ExitOn=: the end of which unit is the end of the manager. A setting of our own, for containers.
 *
 * - `success`, `failure`: it has ended so, and is not restarted
 * - a number: its main process has ended with this exit status (128 and more: by that signal)
 */
export const EXIT_ON_WORDS = ['success', 'failure'] as const;
