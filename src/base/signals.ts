/** Numbers of the signals that the manager knows by name, on x86 and ARM alike. Source: signal(7). */
import type { Signal } from './brand.ts';

export const SIGHUP = 1 as Signal;
export const SIGINT = 2 as Signal;
export const SIGQUIT = 3 as Signal;
export const SIGABRT = 6 as Signal;
export const SIGKILL = 9 as Signal;
export const SIGUSR1 = 10 as Signal;
export const SIGUSR2 = 12 as Signal;
export const SIGPIPE = 13 as Signal;
export const SIGTERM = 15 as Signal;
export const SIGCONT = 18 as Signal;
export const SIGSTOP = 19 as Signal;
export const SIGTSTP = 20 as Signal;
export const SIGTTIN = 21 as Signal;
export const SIGTTOU = 22 as Signal;
export const SIGWINCH = 28 as Signal;
export const SIGPWR = 30 as Signal;
/** The first real-time signal of the C library; the kernel's 32 and 33 are its own. */
export const SIGRTMIN = 34 as Signal;
/** One below the C library's SIGRTMAX, which the addon needs to reach Node's other threads. */
export const SIGRTMAX = 63 as Signal;
