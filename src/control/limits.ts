/**
 * Every bound of the control protocol. A client that crosses one is told so with an error code and dropped; the manager is never
 * delayed and never holds more memory than these numbers multiplied out (128 clients x (1 MiB in + 8 MiB out) at the very worst).
 */

/** Longest line in either direction of a request. A command line with ARG_MAX bytes of unit names does not fit a shell either. */
export const LINE_BYTES_MAX = 1 << 20;

/** Answers waiting for a client that does not read. A JSON list of 10,000 units takes about 4 MiB. */
export const OUTPUT_BYTES_MAX = 8 << 20;

/** Above this much waiting output a command's printing pauses, and goes on when the client has read. */
export const OUTPUT_HIGH_WATER_BYTES = 256 << 10;

/** Text of one `output` message: large enough for few system calls, small enough for the client's buffer. */
export const OUTPUT_CHUNK_CHARS = 32 << 10;

/** Connections in all. Interactive use needs a handful; health checks connect for a millisecond. */
export const CLIENTS_MAX = 128;

/** Of them, kept free for root and the manager's own user, so that no other user can lock the administrator out. */
export const CLIENTS_RESERVED = 32;

/** Connections of one unprivileged user. */
export const CLIENTS_PER_UID_MAX = 32;

/** Requests of one client that have not been answered. A client that needs more waits for answers first. */
export const REQUESTS_IN_FLIGHT_MAX = 64;

/** Bytes read from one client in one turn of the loop, so that a flood from one does not starve services and others. */
export const READ_BYTES_PER_TURN = 256 << 10;

/** Requests handled for one client in one turn. */
export const REQUESTS_PER_TURN = 32;

/** Connections accepted in one turn. */
export const ACCEPTS_PER_TURN = 32;

/** A local client has nothing to think about before it says hello. */
export const HELLO_TIMEOUT_MSEC = 5_000;

/** From the first byte of a line to its newline. */
export const LINE_TIMEOUT_MSEC = 10_000;

/** How long a client may leave answers unread. */
export const SEND_TIMEOUT_MSEC = 15_000;

/** A client that has neither a request running nor a subscription is dropped after this long. */
export const IDLE_TIMEOUT_MSEC = 300_000;

/** Unit names or patterns in one request. */
export const NAMES_MAX = 4_096;

/** Length of one unit name or pattern: unit names have at most 255 characters; a pattern may have a few more. */
export const NAME_CHARS_MAX = 512;

/** Arguments of one command line given to the manager, and the length of each. */
export const ARGUMENTS_MAX = 8_192;
export const ARGUMENT_CHARS_MAX = 64 << 10;

/** Units made by one request: a service and what triggers it are two. */
export const TRANSIENT_UNITS_MAX = 16;

/** Units of one origin. Their texts are one line of the protocol as well, which is the narrower bound for long files. */
export const SYNC_UNITS_MAX = 1_024;

/** Environment assignments in one request. */
export const ASSIGNMENTS_MAX = 1_024;

/** `[Access]` rules: looked through in order for every request of an unprivileged user. */
export const ACCESS_RULES_MAX = 256;
