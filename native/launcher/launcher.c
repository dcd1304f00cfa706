/*
 * heartwood: starts the manager, which is a program for Node.
 *
 * What must be so before Node runs is done here, because Node cannot do it for itself:
 * - descriptors 0 to 2 are open; Node aborts when one is closed and there is no /dev/null;
 * - no NODE_… or SSL_… variable is set: they would steer the manager, load foreign code into it (NODE_OPTIONS=--require) or
 *   delay it (NODE_EXTRA_CA_CERTS costs 30 ms). Services may well want them (NODE_ENV), so they are not dropped but renamed:
 *   NODE_ENV=x becomes HEARTWOOD_ENV_NODE_ENV=x, and the manager turns them back in what it hands to services;
 * - HEARTWOOD_NOFILE=SOFT:HARD says what the limit of open files was: Node raises its soft one, services must not inherit that. A
 *   manager that executes itself anew passes the old record on, because by then the limit is the raised one;
 * - signals that are blocked stay so: Node would unblock them, and what was sent to a manager that executes itself anew would be lost,
 *   or end it; and a process that must not end is kept from it until the manager guards itself. start-keeper.so beside this program,
 *   preloaded into Node, sees to both.
 *
 * The manager's program is ../heartwood.js or ../heartwood.cjs, seen from this file (/proc/self/exe, links resolved). Node is
 * $HEARTWOOD_NODE, else the one that built this program, else the first `node` of PATH. All arguments are passed on.
 *
 * A container that cannot begin ends, with the reason. On a machine that would be a kernel panic, and an engine that executes itself anew
 * would take its services along: there the rescue program takes over ($HEARTWOOD_RESCUE, else stage0 beside this program).
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "start-keeper/rescue-command.h"

extern char **environ;

#define PREFIX "HEARTWOOD_ENV_"

/* sysexits(3): a file the program needs is not there; as the shell says of a command that is not found. */
enum { EXIT_NO_PROGRAM = 127, EXIT_TROUBLE = 71 };

/*
 * --v8-pool-size=0: the work of the manager has no use for V8's helper threads, and fewer threads make signal handling quicker.
 * --disable-wasm-trap-handler: keeps SIGSEGV free for the manager's own crash handler.
 * --max-semi-space-size=4: the room for young objects would grow to 16 MB in a boot. With 1 a boot of a hundred services collects twice as
 *   often and takes ten milliseconds longer; after the boot, and after each burst of work, it is made small again either way.
 * --no-memory-reducer: V8 would wake an idle manager for more collections; what is to be given back is given back by ourselves.
 * --expose-gc: what the boot, or any later burst of work, has left is given back (src/host/memory/settled-memory.ts).
 * --single-threaded-gc: with a heap of 7 MB other threads do not collect sooner, and they take the processor from the services that start.
 * --no-short-builtin-calls: where Node lies on an overlay, as in most containers, V8 would copy 1.6 MB of its built-in functions to have them
 *   nearer; elsewhere it maps them a second time. The way it saves is too short to be measured here.
 * --no-opt, --no-sparkplug: the manager's code is interpreted; a boot of a thousand units takes no longer, and machine code would cost
 *   1.5 MB. Not --jitless: of its consequences for WebAssembly one Node warns, and what silences it keeps another from starting.
 * Every supported Node must know each of these, or the manager does not start there. To set them later costs 8 ms: node:v8 loads streams.
 */
static const char *const NODE_FLAGS[] = { "--v8-pool-size=0", "--disable-wasm-trap-handler", "--max-semi-space-size=4", "--no-memory-reducer", "--expose-gc", "--no-opt", "--no-sparkplug", "--single-threaded-gc", "--no-short-builtin-calls" };
enum { NODE_FLAG_COUNT = sizeof NODE_FLAGS / sizeof *NODE_FLAGS };

/* The manager's turn on the processor: what handling an event takes. The kernel's own measure is some ten times that. */
enum { TURN_NSEC = 200000 };

static int argument_count;
static char **arguments_given;

/* The directory of this program into `directory`; false when nobody knows. */
static bool find_own_directory(char *directory, size_t size) {
  ssize_t length = readlink("/proc/self/exe", directory, size - 1);
  if (length < 0) return false;
  directory[length] = '\0';
  char *slash = strrchr(directory, '/');
  if (slash == NULL) return false;
  *slash = '\0';
  return true;
}

static void die(int status, const char *what, const char *subject) {
  char reason[PATH_MAX + 128];
  snprintf(reason, sizeof reason, "%s: %s: %s", what, subject, strerror(errno));
  dprintf(STDERR_FILENO, "heartwood: %s\n", reason);
  if (!must_not_end()) exit(status);
  /* With what is missing put in its place, the rescue program starts this program again. */
  char directory[PATH_MAX];
  if (rescue_prepare(find_own_directory(directory, sizeof directory) ? directory : "", argument_count, arguments_given)) rescue_execute(reason, environ);
  stay_or_end(status);
}

static void open_standard_streams(void) {
  for (int fd = 0; fd <= 2; fd++) {
    if (fcntl(fd, F_GETFD) >= 0) continue;
    /* The lowest free number is the missing one, because those below it are open. */
    int opened = open("/dev/null", O_RDWR);
    if (opened < 0) opened = open("/dev/console", O_RDWR | O_NOCTTY);
    /* A system that has neither yet still has a root directory; it cannot be written, but it is open. */
    if (opened < 0) opened = open("/", O_RDONLY);
    if (opened != fd) _exit(EXIT_TROUBLE);
  }
}

static void *allocate(size_t bytes) {
  void *memory = malloc(bytes);
  if (memory == NULL) die(EXIT_TROUBLE, "cannot start", "malloc");
  return memory;
}

static bool starts_with(const char *text, const char *prefix) { return strncmp(text, prefix, strlen(prefix)) == 0; }

static char *prefixed(const char *assignment) {
  size_t bytes = sizeof PREFIX + strlen(assignment);
  char *result = allocate(bytes);
  snprintf(result, bytes, PREFIX "%s", assignment);
  return result;
}

/* Blocked signals are the sign of a manager that executes itself anew: at its first start there is nothing to keep. */
static bool has_signals_to_keep(void) {
  sigset_t blocked;
  return sigprocmask(SIG_BLOCK, NULL, &blocked) == 0 && sigismember(&blocked, SIGTERM) == 1;
}

/* `LD_PRELOAD=` with the keeper in front of what is to be preloaded anyway; NULL when there is no keeper. */
static char *keeper_assignment(const char *preloaded) {
  char path[PATH_MAX];
  static const char name[] = "/start-keeper.so";
  if (!find_own_directory(path, sizeof path - sizeof name)) return NULL;
  strcat(path, name);
  /* The dynamic linker takes blanks and colons for separators. */
  if (access(path, R_OK) != 0 || strpbrk(path, " :") != NULL) return NULL;
  size_t bytes = strlen("LD_PRELOAD=") + strlen(path) + strlen(preloaded) + 2;
  char *result = allocate(bytes);
  snprintf(result, bytes, "LD_PRELOAD=%s%s%s", path, *preloaded == '\0' ? "" : ":", preloaded);
  return result;
}

static char **make_environment(void) {
  size_t count = 0;
  while (environ[count] != NULL) count++;
  char **result = allocate((count + 3) * sizeof *result);
  size_t used = 0;
  bool recorded_before = false;
  const char *preloaded = NULL;
  for (size_t i = 0; i < count; i++) {
    recorded_before |= starts_with(environ[i], "HEARTWOOD_NOFILE=");
    if (starts_with(environ[i], "LD_PRELOAD=")) {
      preloaded = environ[i] + strlen("LD_PRELOAD=");
      continue;
    }
    bool foreign = starts_with(environ[i], "NODE_") || starts_with(environ[i], "SSL_");
    result[used++] = foreign ? prefixed(environ[i]) : environ[i];
  }
  char *keeper = has_signals_to_keep() || must_not_end() ? keeper_assignment(preloaded == NULL ? "" : preloaded) : NULL;
  if (keeper != NULL) result[used++] = keeper;
  else if (preloaded != NULL) result[used++] = (char *)preloaded - strlen("LD_PRELOAD=");
  struct rlimit limit;
  static char recorded[64];
  if (!recorded_before && getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    snprintf(recorded, sizeof recorded, "HEARTWOOD_NOFILE=%llu:%llu", (unsigned long long)limit.rlim_cur,
             (unsigned long long)limit.rlim_max);
    result[used++] = recorded;
  }
  result[used] = NULL;
  return result;
}

/* The path of the manager's program into `path`. */
static void find_program(char *path, size_t size) {
  char self[PATH_MAX];
  if (!find_own_directory(self, sizeof self)) die(EXIT_NO_PROGRAM, "cannot find its own place", "/proc/self/exe");
  /* DIST/native: one more name is cut off. */
  char *slash = strrchr(self, '/');
  if (slash != NULL) *slash = '\0';
  static const char *const names[] = { "heartwood.js", "heartwood.cjs" };
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (snprintf(path, size, "%s/%s", self, names[i]) < (int)size && access(path, R_OK) == 0) return;
  }
  die(EXIT_NO_PROGRAM, "cannot find the manager (is it built?)", path);
}

/* Node gives itself the hard limit. With less than this it, or the manager a moment later, ends in the middle of its own start. */
enum { OPEN_FILES_MIN = 64 };

static void check_open_files(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max >= OPEN_FILES_MIN) return;
  char needed[96];
  snprintf(needed, sizeof needed, "%llu open files are allowed, %d are needed (ulimit -n)", (unsigned long long)limit.rlim_max, OPEN_FILES_MIN);
  errno = EMFILE;
  die(EXIT_TROUBLE, "cannot start", needed);
}

static bool try_node(const char *node, char **argv, char **environment) {
  argv[0] = (char *)node;
  execve(node, argv, environment);
  return errno != ENOENT && errno != ENOTDIR && errno != EACCES;
}

/* Returns only when no Node could be executed. */
static void exec_node(char **argv, char **environment) {
  const char *chosen = getenv("HEARTWOOD_NODE");
  if (chosen != NULL && *chosen != '\0') {
    try_node(chosen, argv, environment);
    die(EXIT_NO_PROGRAM, "cannot execute $HEARTWOOD_NODE", chosen);
  }
  if (try_node(HEARTWOOD_BUILD_NODE, argv, environment)) die(EXIT_NO_PROGRAM, "cannot execute", HEARTWOOD_BUILD_NODE);
  const char *search = getenv("PATH");
  if (search == NULL) search = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  while (*search != '\0') {
    size_t length = strcspn(search, ":");
    char candidate[PATH_MAX];
    /* An empty entry would mean the current directory: not for a manager that may run as root. */
    if (length > 0 && snprintf(candidate, sizeof candidate, "%.*s/node", (int)length, search) < (int)sizeof candidate &&
        try_node(candidate, argv, environment)) {
      die(EXIT_NO_PROGRAM, "cannot execute", candidate);
    }
    search += length + (search[length] == ':');
  }
  errno = ENOENT;
  die(EXIT_NO_PROGRAM, "cannot find Node", "set HEARTWOOD_NODE or PATH");
}

/*
 * Asks for short turns on the processor, which the kernel grants sooner: who waits for process 1 (an orphan to be reaped, a service to be
 * started again) waits less when the machine is busy. Kernels before 6.12 take no notice. What the manager starts has turns as usual.
 * Where somebody gave it a priority of its own, everything is left as it is: the flag would take that from services too.
 */
static void ask_for_short_turns(void) {
  struct { uint32_t size, policy; uint64_t flags; int32_t nice; uint32_t priority; uint64_t runtime, deadline, period; } wish = { 0 };
  if (syscall(SYS_sched_getattr, 0, &wish, sizeof wish, 0) < 0 || wish.policy != SCHED_NORMAL || wish.nice != 0 || wish.flags != 0) return;
  wish.size = sizeof wish;
  wish.flags = SCHED_FLAG_RESET_ON_FORK;
  wish.runtime = TURN_NSEC;
  syscall(SYS_sched_setattr, 0, &wish, 0);
}

int main(int argc, char **argv) {
  argument_count = argc;
  arguments_given = argv;
  open_standard_streams();
  check_open_files();
  ask_for_short_turns();
  char program[PATH_MAX];
  find_program(program, sizeof program);
  char **arguments = allocate((size_t)(argc + NODE_FLAG_COUNT + 3) * sizeof *arguments);
  int used = 1;
  for (int i = 0; i < NODE_FLAG_COUNT; i++) arguments[used++] = (char *)NODE_FLAGS[i];
  arguments[used++] = program;
  for (int i = 1; i < argc; i++) arguments[used++] = argv[i];
  arguments[used] = NULL;
  exec_node(arguments, make_environment());
}
