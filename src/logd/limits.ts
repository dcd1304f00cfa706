/** Every bound of logd, with the reason for its size. */

/**
 * A segment is closed when it is this long (it may end up longer by one intake and the rest of a line). Small, because it is the
 * unit of removal, and the most that a search for the last lines of a unit has to walk through: about 10 ms.
 */
export const SEGMENT_BYTES = 4 * 1024 * 1024;

/** Default for what one unit may keep, so that a noisy service pushes out only its own history. */
export const UNIT_BYTES_MAX = 64 * 1024 * 1024;

/**
 * Segments of one unit: every boot begins a new one, and a unit that says little must not fill its directory with the small files of a
 * thousand boots.
 */
export const UNIT_SEGMENTS_MAX = 128;

/** Default for what all units together may keep; the share of the file system below may be lower. */
export const TOTAL_BYTES_MAX = 1024 * 1024 * 1024;

/** All logs together take at most this share of the whole file system, and half of what would be free without them. */
export const FILE_SYSTEM_SHARE = 0.1;

/** Directories of units kept; above it the ones written to longest ago go, so that `job@RANDOM.service` cannot use up the inodes. */
export const UNITS_MAX = 4096;

/** What the ring in memory may hold when no directory can be written: it is swap or RAM of the machine we serve. */
export const MEMORY_BYTES_MAX = 8 * 1024 * 1024;
/** Segments in memory: an eighth of the ring, so that little is forgotten at once. */
export const MEMORY_SEGMENT_BYTES = 256 * 1024;

/** Bytes moved from one pipe before the next one gets its turn; the size a busy pipe is grown to. */
export const INTAKE_BYTES = 1024 * 1024;
/** A pipe that was found at least this full (the kernel's default size) is grown: its writer is faster than our turns. */
export const BUSY_PIPE_BYTES = 64 * 1024;

/** A longer line is shown in pieces of this size. It bounds the memory of every reader. */
export const LINE_BYTES_MAX = 64 * 1024;

/** Streams the manager may have open: one fd each here, and Node's soft limit on files is the hard limit, often 4096 at the least. */
export const STREAMS_MAX = 16 * 1024;
/** Segment files kept open for writing; the one written to longest ago is closed first, and opened again when needed. */
export const OPEN_SEGMENTS_MAX = 512;

/** After a failed write, bytes are thrown away (and counted) this long before the disk is tried again. */
export const STORAGE_RETRY_MSEC = 1000;

/** Bytes waiting for the echo fd (the container's stdout). Above it the services that are echoed have to wait. */
export const ECHO_QUEUE_BYTES = 1024 * 1024;
/** Nobody read the echo fd for so long: services do not wait for it any more, lines for it are dropped and counted. */
export const ECHO_STALL_MSEC = 2000;
/** Written to the echo fd at once: a pipe reported writable takes PIPE_BUF bytes without blocking, whoever else writes to it. */
export const ECHO_WRITE_BYTES = 4096;

/** Lines that probes wait for at once: each may hold an fd of a segment. */
export const LINE_WATCHES_MAX = 1024;
/** Connections to the query socket; more are closed at once. */
export const QUERY_CLIENTS_MAX = 32;
/** A request is one line of JSON; unit names are at most 255 bytes, so some hundred fit. */
export const QUERY_REQUEST_BYTES = 32 * 1024;
/** The last lines one request over the socket may ask for: logd collects them in memory. All lines, oldest first, need no memory. */
export const QUERY_LINES_MAX = 10_000;
/** A client that neither sends its request nor reads its answer for so long is dropped. */
export const QUERY_SILENCE_MSEC = 10_000;

/** Pending changes are synced to the disk this long after the first of them, so that a power cut takes minutes, not hours. */
export const SYNC_DELAY_MSEC = 60_000;

/** The longest message taken from /dev/log; the rest of a longer one is cut. The kernel's default for datagrams is about three times this. */
export const SYSLOG_MESSAGE_BYTES_MAX = LINE_BYTES_MAX;
/** Messages read from /dev/log before the pipes of services get their turn. */
export const SYSLOG_MESSAGES_A_TURN = 256;
/** Messages that wait for the manager to say whose they are; above it senders wait. At 64 KiB each, the worst case is 64 MiB. */
export const SYSLOG_WAITING_MAX = 1024;
/** Processes asked about in one message to the manager, so that it fits. */
export const SENDER_BATCH_MAX = 8;
/** The manager answers within a turn. When it does not (it is being executed anew), messages are stored without a unit. */
export const SENDER_ANSWER_MSEC = 1000;
/** What is known of a sender is believed this long; then its number may be another process's. */
export const SENDER_FRESH_MSEC = 1000;
/** Senders remembered, the oldest forgotten first. */
export const SENDERS_KNOWN_MAX = 1024;
/** Units whose newest message is remembered, so that what has not changed is not written again. */
export const MESSAGE_STREAMS_MAX = 1024;
/** Messages a syslog daemon missed are told of at most this often. */
export const FORWARD_REPORT_MSEC = 30_000;

/** Crash records kept of one unit, so that one which fails again and again does not push out those of others. */
export const CRASHES_OF_UNIT_MAX = 16;
/** Crash records kept in all. With the two bounds below: 32 MiB at the very most, some 2 MiB as a rule. */
export const CRASH_RECORDS_MAX = 256;
/** Last lines in a crash record, and how much of each. */
export const CRASH_LINES_MAX = 60;
export const CRASH_LINE_CHARACTERS_MAX = 2000;
/** What a process wrote before it died, and what the manager says about it, is stored within this time. */
export const CRASH_DELAY_MSEC = 200;
/** So many failures of a unit within so long get a record each; of more only the number is kept. */
export const CRASH_RATE_COUNT = 8;
export const CRASH_RATE_MSEC = 30_000;
/** Failures that wait for their record: a machine on which everything fails at once is told by its first hundred. */
export const CRASHES_WAITING_MAX = 128;
