/**
 * Every bound of the gateway. Whoever crosses one is told so with a status and loses the connection; the manager never hears of it.
 */

/** Connections in all; more are closed at once. A browser opens six, a scraper one. */
export const CONNECTIONS_MAX = 128;

/** Request line and headers together. A bearer token and a few cookies of other programs on the same host fit many times. */
export const HEADER_BYTES_MAX = 16 << 10;
export const HEADERS_MAX = 64;

/** Body of a request: the text of a unit file is the largest thing that is sent. */
export const BODY_BYTES_MAX = 256 << 10;

/** From the first byte of a request to the end of its headers, and to the end of its body. */
export const HEADERS_TIMEOUT_MSEC = 10_000;
export const REQUEST_TIMEOUT_MSEC = 20_000;
/** How often those two are looked at. */
export const TIMEOUT_CHECK_MSEC = 1_000;

/** A connection on which nothing moves is closed: an answer nobody reads, a client that fell silent. */
export const SILENCE_TIMEOUT_MSEC = 60_000;
export const KEEP_ALIVE_MSEC = 10_000;

/** Requests on one connection, after which the client connects anew: nobody keeps a connection for ever. */
export const REQUESTS_PER_CONNECTION = 10_000;

/** Event streams at a time. Each holds a connection, so that they may not take all. */
export const STREAMS_MAX = 32;
/** Bytes that wait for a stream's reader; a slower one is dropped and may come back. */
export const STREAM_BYTES_MAX = 256 << 10;
/** A comment is sent so often, so that both sides notice when the other is gone. */
export const STREAM_BEAT_MSEC = 15_000;

/** Requests to the manager that wait for an answer: below the 64 it takes from one client, so that reading goes on beside long jobs. */
export const MANAGER_REQUESTS_MAX = 56;
/** Of them, changes that wait for the end of a job. */
export const MANAGER_WAITS_MAX = 32;
/** How long a lost manager is waited for between two attempts. */
export const MANAGER_RETRY_MSEC = 500;

/** Passwords checked at a time: each costs the processor a tenth of a second by design. */
export const PASSWORD_CHECKS_MAX = 4;
/** Passwords found right are not checked again for so long, and so many of them. */
export const PASSWORD_MEMORY_MSEC = 300_000;
export const PASSWORD_MEMORY_MAX = 256;

/** Wrong credentials from one address that cost nothing: a person who mistypes, a script with an old token that is restarted a few times. */
export const BRAKE_FREE_FAILURES = 10;
/** The pause after the next one, and the longest: a guesser gets a try a minute, and who mended his script waits no longer than that. */
export const BRAKE_PAUSE_MIN_MSEC = 1_000;
export const BRAKE_PAUSE_MAX_MSEC = 60_000;
/** After so long without a wrong one an address begins anew. */
export const BRAKE_MEMORY_MSEC = 600_000;
/** Addresses that are remembered, some 100 bytes each. Beyond that the one that failed longest ago is forgotten. */
export const BRAKE_ADDRESSES_MAX = 1_024;

/** Last lines of a log in one answer. */
export const LOG_LINES_MAX = 1_000;
export const LOG_LINES_DEFAULT = 100;
/** logd answers at once; from a log on a dying disk nobody waits longer. */
export const LOG_ANSWER_MSEC = 20_000;

/** Units with metrics of their own. Beyond that only the totals are told. */
export const METRIC_UNITS_MAX = 2_000;
