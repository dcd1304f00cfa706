#include "executor/report.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "errno-name.h"

/* Longer subjects are cut: the record must stay one atomic write. */
enum { SUBJECT_MAX = 1024 };

static int report_fd = -1;

static const char *stage_word(enum stage stage) {
  switch (stage) {
    case STAGE_CHDIR: return "chdir";
    case STAGE_NICE: return "nice";
    case STAGE_FDS: return "fds";
    case STAGE_EXEC: return "exec";
    case STAGE_MEMORY: return "memory";
    case STAGE_LIMITS: return "limits";
    case STAGE_OOM_ADJUST: return "oom-adjust";
    case STAGE_STDIN: return "stdin";
    case STAGE_STDOUT: return "stdout";
    case STAGE_CHROOT: return "chroot";
    case STAGE_IOPRIO: return "ioprio";
    case STAGE_SETSCHEDULER: return "setscheduler";
    case STAGE_CPUAFFINITY: return "cpuaffinity";
    case STAGE_GROUP: return "group";
    case STAGE_USER: return "user";
    case STAGE_CAPABILITIES: return "capabilities";
    case STAGE_SETSID: return "setsid";
    case STAGE_STDERR: return "stderr";
    case STAGE_NETWORK: return "network";
    case STAGE_NAMESPACE: return "namespace";
    case STAGE_NO_NEW_PRIVILEGES: return "no-new-privileges";
    case STAGE_SECCOMP: return "seccomp";
    case STAGE_PERSONALITY: return "personality";
    case STAGE_RUNTIME_DIRECTORY: return "runtime-directory";
    case STAGE_STATE_DIRECTORY: return "state-directory";
    case STAGE_CACHE_DIRECTORY: return "cache-directory";
    case STAGE_LOGS_DIRECTORY: return "logs-directory";
    case STAGE_CONFIGURATION_DIRECTORY: return "configuration-directory";
    case STAGE_CREDENTIALS: return "credentials";
    case STAGE_SPECIFICATION: return "specification";
  }
  return "specification";
}

void report_to(int fd) {
  report_fd = fd;
  fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void report_above(int lowest) {
  if (report_fd < 0 || report_fd >= lowest) return;
  int moved = fcntl(report_fd, F_DUPFD_CLOEXEC, lowest);
  if (moved < 0) fail(STAGE_FDS, errno, "report");
  /* Both stay: the old number is about to be replaced, or closes on exec. */
  report_fd = moved;
}

static void send_record(const char *kind, const char *word, int error, const char *subject) {
  if (report_fd < 0) return;
  char record[PIPE_BUF];
  int length = snprintf(record, sizeof record, "%s%c%s%c%s%c%.*s%c", kind, 0, word, 0, heartwood_errno_name(error), 0,
                        SUBJECT_MAX, subject, 0);
  /* A manager that has gone away cannot be told anything. */
  ssize_t written = write(report_fd, record, (size_t)length);
  (void)written;
}

void fail(enum stage stage, int error, const char *subject) {
  send_record("fail", stage_word(stage), error, subject);
  _exit((int)stage);
}

void note(const char *directive, int error, const char *subject) { send_record("note", directive, error, subject); }
