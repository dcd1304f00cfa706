/*
 * What the executor tells the manager, over the report descriptor.
 *
 * A record is four texts, each ended by a NUL: "fail" or "note"; the stage (or, of a note, the directive); the errno by name; the
 * subject, such as a path or a user name. One write per record, shorter than PIPE_BUF, so records never mix. At most one "fail"
 * comes, and it is the last. End of file without one means that the service's program is running: the descriptor closes on exec.
 * The reader is src/host/exec-report.ts.
 */
#ifndef HEARTWOOD_EXECUTOR_REPORT_H
#define HEARTWOOD_EXECUTOR_REPORT_H

#include <stdnoreturn.h>

/* Every way to fail: its word in the report and its exit status, which is that of systemd.exec(5), "Process Exit Codes". */
enum stage {
  STAGE_CHDIR = 200,
  STAGE_NICE = 201,
  STAGE_FDS = 202,
  STAGE_EXEC = 203,
  STAGE_MEMORY = 204,
  STAGE_LIMITS = 205,
  STAGE_OOM_ADJUST = 206,
  STAGE_STDIN = 208,
  STAGE_STDOUT = 209,
  STAGE_CHROOT = 210,
  STAGE_IOPRIO = 211,
  STAGE_SETSCHEDULER = 214,
  STAGE_CPUAFFINITY = 215,
  STAGE_GROUP = 216,
  STAGE_USER = 217,
  STAGE_CAPABILITIES = 218,
  STAGE_SETSID = 220,
  STAGE_STDERR = 222,
  STAGE_NETWORK = 225,
  STAGE_NAMESPACE = 226,
  STAGE_NO_NEW_PRIVILEGES = 227,
  STAGE_SECCOMP = 228,
  STAGE_PERSONALITY = 230,
  STAGE_RUNTIME_DIRECTORY = 233,
  STAGE_STATE_DIRECTORY = 238,
  STAGE_CACHE_DIRECTORY = 239,
  STAGE_LOGS_DIRECTORY = 240,
  STAGE_CONFIGURATION_DIRECTORY = 241,
  STAGE_CREDENTIALS = 243,
  /* The specification itself is broken: a mistake of the manager's. */
  STAGE_SPECIFICATION = 255,
};

/* Where reports go from now on. Until it is called, failures show in the exit status alone. */
void report_to(int fd);

/* Moves the report descriptor to `lowest` or above, out of the way of descriptors with a fixed place. */
void report_above(int lowest);

/* Reports `error` (an errno) and exits with the stage's status. */
noreturn void fail(enum stage stage, int error, const char *subject);

/* Reports that a directive is not put into effect, and goes on. */
void note(const char *directive, int error, const char *subject);

#endif
