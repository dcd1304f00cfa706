#include "executor/resources.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "executor/report.h"

/* ioprio_set(2) has no header. */
enum { IOPRIO_WHO_PROCESS = 1, IOPRIO_CLASS_SHIFT = 13 };
enum { IO_CLASS_BEST_EFFORT = 2, IO_PRIORITY_DEFAULT = 4 };

static bool lacks_privilege(int error) { return error == EPERM || error == EACCES; }

/* Names of the directives, by resource number. */
static const char *limit_directive(int resource) {
  switch (resource) {
    case RLIMIT_CPU: return "LimitCPU";
    case RLIMIT_FSIZE: return "LimitFSIZE";
    case RLIMIT_DATA: return "LimitDATA";
    case RLIMIT_STACK: return "LimitSTACK";
    case RLIMIT_CORE: return "LimitCORE";
    case RLIMIT_RSS: return "LimitRSS";
    case RLIMIT_NPROC: return "LimitNPROC";
    case RLIMIT_NOFILE: return "LimitNOFILE";
    case RLIMIT_MEMLOCK: return "LimitMEMLOCK";
    case RLIMIT_AS: return "LimitAS";
    case RLIMIT_LOCKS: return "LimitLOCKS";
    case RLIMIT_SIGPENDING: return "LimitSIGPENDING";
    case RLIMIT_MSGQUEUE: return "LimitMSGQUEUE";
    case RLIMIT_NICE: return "LimitNICE";
    case RLIMIT_RTPRIO: return "LimitRTPRIO";
    case RLIMIT_RTTIME: return "LimitRTTIME";
    default: return "Limit";
  }
}

static rlim_t parse_limit(const char *text) {
  if (text == NULL) fail(STAGE_SPECIFICATION, EINVAL, "limit");
  if (strcmp(text, "infinity") == 0) return RLIM_INFINITY;
  char *end;
  errno = 0;
  rlim_t value = strtoull(text, &end, 10);
  if (errno != 0 || *end != '\0' || end == text) fail(STAGE_SPECIFICATION, EINVAL, "limit");
  return value;
}

static void apply_limit(struct field record) {
  int resource = (int)parse_number(record.bytes, 0, RLIMIT_NLIMITS - 1, "limit");
  const char *soft = next_field(record, record.bytes);
  const char *hard = soft != NULL ? next_field(record, soft) : NULL;
  struct rlimit wanted = { parse_limit(soft), parse_limit(hard) };
  if (setrlimit(resource, &wanted) == 0) return;
  if (errno != EPERM) fail(STAGE_LIMITS, errno, limit_directive(resource));
  /* A hard limit cannot be raised without privilege: as near as our own one allows. */
  note(limit_directive(resource), EPERM, hard);
  struct rlimit own;
  if (getrlimit(resource, &own) < 0) fail(STAGE_LIMITS, errno, limit_directive(resource));
  if (wanted.rlim_max > own.rlim_max) wanted.rlim_max = own.rlim_max;
  if (wanted.rlim_cur > wanted.rlim_max) wanted.rlim_cur = wanted.rlim_max;
  if (setrlimit(resource, &wanted) < 0) fail(STAGE_LIMITS, errno, limit_directive(resource));
}

static void apply_oom_score(int score) {
  char text[16];
  int length = snprintf(text, sizeof text, "%d", score);
  int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  int error = fd < 0 || write(fd, text, (size_t)length) < 0 ? errno : 0;
  if (fd >= 0) close(fd);
  if (error == 0) return;
  if (!lacks_privilege(error) && error != ENOENT) fail(STAGE_OOM_ADJUST, error, text);
  note("OOMScoreAdjust", error, text);
}

static void apply_nice(int nice) {
  if (setpriority(PRIO_PROCESS, 0, nice) == 0) return;
  if (!lacks_privilege(errno)) fail(STAGE_NICE, errno, "Nice");
  note("Nice", errno, "");
}

static void apply_scheduling(const struct exec_spec *spec) {
  if (!spec->scheduling_policy.given && !spec->reset_on_fork) return;
  struct sched_param parameters = { .sched_priority = spec->scheduling_priority.given ? spec->scheduling_priority.value : 0 };
  int flags = spec->reset_on_fork ? SCHED_RESET_ON_FORK : 0;
  if (sched_setscheduler(0, spec->scheduling_policy.value | flags, &parameters) == 0) return;
  if (!lacks_privilege(errno)) fail(STAGE_SETSCHEDULER, errno, "CPUSchedulingPolicy");
  note("CPUSchedulingPolicy", errno, "");
}

static void apply_affinity(const struct numbers *cpus) {
  if (cpus->count == 0) return;
  cpu_set_t set;
  CPU_ZERO(&set);
  for (size_t i = 0; i < cpus->count; i++) {
    if (cpus->items[i] < CPU_SETSIZE) CPU_SET((size_t)cpus->items[i], &set);
  }
  if (sched_setaffinity(0, sizeof set, &set) == 0) return;
  if (!lacks_privilege(errno)) fail(STAGE_CPUAFFINITY, errno, "CPUAffinity");
  note("CPUAffinity", errno, "");
}

static void apply_io_priority(const struct exec_spec *spec) {
  if (!spec->io_class.given && !spec->io_priority.given) return;
  int class = spec->io_class.given ? spec->io_class.value : IO_CLASS_BEST_EFFORT;
  int priority = spec->io_priority.given ? spec->io_priority.value : IO_PRIORITY_DEFAULT;
  if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, class << IOPRIO_CLASS_SHIFT | priority) == 0) return;
  if (!lacks_privilege(errno)) fail(STAGE_IOPRIO, errno, "IOSchedulingClass");
  note("IOSchedulingClass", errno, "");
}

static void apply_timer_slack(const char *nanoseconds) {
  if (prctl(PR_SET_TIMERSLACK, strtoul(nanoseconds, NULL, 10), 0, 0, 0) < 0) note("TimerSlackNSec", errno, nanoseconds);
}

static void apply_coredump_filter(const char *bits) {
  int fd = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write(fd, bits, strlen(bits)) < 0) note("CoredumpFilter", errno, bits);
  if (fd >= 0) close(fd);
}

/* A session keyring of the service's own, so that it cannot read keys of others; `shared` links that of the user into it. */
static void apply_keyring(const char *mode) {
  if (strcmp(mode, "inherit") == 0) return;
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0) < 0) {
    note("KeyringMode", errno, "");
    return;
  }
  if (strcmp(mode, "shared") != 0) return;
  if (syscall(SYS_keyctl, KEYCTL_LINK, KEY_SPEC_USER_KEYRING, KEY_SPEC_SESSION_KEYRING, 0, 0) < 0) note("KeyringMode", errno, mode);
}

void apply_resources(const struct exec_spec *spec) {
  if (spec->oom_score_adjust.given) apply_oom_score(spec->oom_score_adjust.value);
  if (spec->nice.given) apply_nice(spec->nice.value);
  apply_scheduling(spec);
  apply_affinity(&spec->cpus);
  apply_io_priority(spec);
  if (spec->timer_slack != NULL) apply_timer_slack(spec->timer_slack);
  if (spec->coredump_filter != NULL) apply_coredump_filter(spec->coredump_filter);
  if (spec->keyring != NULL) apply_keyring(spec->keyring);
  if (spec->personality.given && personality((unsigned long)spec->personality.value) < 0) fail(STAGE_PERSONALITY, errno, "Personality");
  for (size_t i = 0; i < spec->limits.count; i++) apply_limit(spec->limits.items[i]);
}
