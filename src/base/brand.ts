/**
 * Branded primitives: numbers and strings that must not be mixed up.
 *
 * A brand exists only for the compiler; at run time the value is the bare primitive, so it stays plain data.
 */
declare const brand: unique symbol;
export type Brand<T, B extends string> = T & { readonly [brand]: B };

/** A process id, always that of the manager's own PID namespace. */
export type Pid = Brand<number, 'Pid'>;
/** An open file descriptor of the manager. Never part of the manager's state: state holds names. */
export type Fd = Brand<number, 'Fd'>;
/** A span of time in whole microseconds. */
export type Usec = Brand<number, 'Usec'>;
/** An instant on CLOCK_MONOTONIC, microseconds. */
export type MonotonicUsec = Brand<number, 'MonotonicUsec'>;
/** An instant on CLOCK_REALTIME, microseconds since the epoch. */
export type RealtimeUsec = Brand<number, 'RealtimeUsec'>;
/** A valid unit name with its type suffix, such as `ssh.service` or `getty@tty1.service`. */
export type UnitName = Brand<string, 'UnitName'>;
/** A job number, counted from 1 and never reused within a boot. */
export type JobId = Brand<number, 'JobId'>;
/** The number by which a control request is answered; given out by the control server. */
export type RequestId = Brand<number, 'RequestId'>;
/** 128 random bits as 32 lower-case hexadecimal digits; new for every activation of a unit. */
export type InvocationId = Brand<string, 'InvocationId'>;
/** An errno by its name, such as `ENOENT`. */
export type Errno = Brand<string, 'Errno'>;
/** A signal number, 1 to 64. */
export type Signal = Brand<number, 'Signal'>;
