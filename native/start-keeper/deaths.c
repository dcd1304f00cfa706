/*
 * Node takes 20 ms and more until the manager's own guard stands (addon/crash.cc): its own beginning, the code of the manager, the addon,
 * the configuration. Whoever dies there as process 1 of a machine stops the kernel, and after a re-exec takes all services along. So from
 * before Node's first instruction on a fatal signal, a call of exit or a hang executes the launcher again; when that has happened too
 * often, the rescue program. The guard takes over by `heartwood_start_is_over`.
 *
 * Where nothing is lost with this process (`must_not_end`), nothing of this is done.
 */
#include "start-keeper/deaths.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "start-keeper/rescue-command.h"

extern char **environ;

enum {
  /* A start that failed so often will fail once more. With their pauses they take three seconds. */
  FAILED_STARTS_MAX = 5,
  FIRST_PAUSE_MSEC = 100,
  STACK_BYTES = 16 * 1024,
  /* An emulated machine under load takes a tenth of it. */
  START_LIMIT_MSEC = 120 * 1000,
  /* Of HEARTWOOD_HANG_MSEC, by which tests shorten it: as much longer as a recovery may take than a turn (addon/crash.cc). */
  START_LIMIT_HANGS = 8,
};

#define COUNTER "HEARTWOOD_FAILED_STARTS"

static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS, SIGALRM };

/* Whose death is turned into another try; 0 = nobody's. */
static volatile pid_t guarded;
static int failed_starts;
static char launcher[4096];
static char **launcher_words;
/* The environment this program was given, and as its first entry the counter. */
static char **environment;
static char counter[] = COUNTER "=00";
static int parent_death_signal;

static void append(char *text, size_t size, const char *more) {
  size_t used = strlen(text);
  while (*more != '\0' && used + 1 < size) text[used++] = *more++;
  text[used] = '\0';
}

static void append_number(char *text, size_t size, int number) {
  char digits[] = { (char)('0' + number / 10 % 10), (char)('0' + number % 10), '\0' };
  append(text, size, number < 10 ? digits + 1 : digits);
}

static void say(const char *text) {
  if (write(STDERR_FILENO, text, strlen(text)) < 0) { /* Nobody to tell. */ }
}

/* What the former engine left open for this one may have been marked for closing by now. */
static void keep_checkpoint_open(void) {
  static const char variable[] = "HEARTWOOD_CHECKPOINT=";
  for (char **each = environment; *each != NULL; each++)
    if (strncmp(*each, variable, sizeof variable - 1) == 0) fcntl(atoi(*each + sizeof variable - 1), F_SETFD, 0);
  /* Node closes its standard streams on exec. */
  for (int fd = 0; fd <= 2; fd++) fcntl(fd, F_SETFD, 0);
}

/* signal: 0 = it called exit; is_own: not sent by somebody else, who may do so as often as he likes */
_Noreturn static void try_again(int signal, bool is_own) {
  static char reason[160];
  reason[0] = '\0';
  append(reason, sizeof reason, signal == 0 ? "it ended while it started" : signal == SIGALRM ? "it hung while it started" : "it died while it started, of signal ");
  if (signal != 0 && signal != SIGALRM) append_number(reason, sizeof reason, signal);
  say("heartwood: the manager cannot be started: ");
  say(reason);
  say("\n");
  if (is_own) {
    const int msec = FIRST_PAUSE_MSEC << failed_starts;
    const struct timespec pause = { .tv_sec = msec / 1000, .tv_nsec = msec % 1000 * 1000000L };
    nanosleep(&pause, NULL);
    failed_starts++;
  }
  keep_checkpoint_open();
  prctl(PR_SET_PDEATHSIG, parent_death_signal);
  counter[sizeof counter - 3] = (char)('0' + failed_starts / 10 % 10);
  counter[sizeof counter - 2] = (char)('0' + failed_starts % 10);
  if (failed_starts < FAILED_STARTS_MAX) execve(launcher, launcher_words, environment);
  /* Whoever starts the manager from there gives it all its tries anew. */
  rescue_execute(reason, environment + 1);
  stay_or_end(EXIT_FAILURE);
}

static void on_fatal_signal(int number, siginfo_t *info, void *context) {
  (void)context;
  /* getpid(2) without the library: this may be the child of a clone that shares our memory. */
  if (guarded == 0 || syscall(SYS_getpid) != guarded) {
    signal(number, SIG_DFL);
    if (info->si_code <= 0) syscall(SYS_tgkill, syscall(SYS_getpid), syscall(SYS_gettid), number);
    return;
  }
  try_again(number, number == SIGALRM || info->si_code > 0 || info->si_pid == guarded);
}

static void on_exit_called(void) {
  if (guarded != 0 && getpid() == guarded) try_again(0, true);
}

static void limit_start(int msec) {
  const struct itimerval timer = { .it_value = { .tv_sec = msec / 1000, .tv_usec = msec % 1000 * 1000L } };
  setitimer(ITIMER_REAL, &timer, NULL);
}

void heartwood_start_is_over(int is_guarded) {
  if (guarded == 0) return;
  limit_start(0);
  if (is_guarded) guarded = 0;
}

/* The words behind the manager's script are those the launcher was called with. */
static char **words_of_launcher(int argc, char **argv, int *count) {
  static const char *const names[] = { "/heartwood.js", "/heartwood.cjs" };
  for (int i = 1; i < argc; i++) {
    for (size_t j = 0; j < sizeof names / sizeof *names; j++) {
      size_t length = strlen(argv[i]);
      if (length < strlen(names[j]) || strcmp(argv[i] + length - strlen(names[j]), names[j]) != 0) continue;
      char **words = calloc((size_t)(argc - i) + 1, sizeof *words);
      if (words == NULL) return NULL;
      static char name[] = "heartwood";
      words[0] = name;
      for (int k = i + 1; k < argc; k++) words[k - i] = argv[k];
      *count = argc - i;
      return words;
    }
  }
  return NULL;
}

/* The strings stay where they are whatever becomes of `environ`; what is told only to this program is left out. */
static char **copy_environment(void) {
  size_t count = 0;
  while (environ[count] != NULL) count++;
  char **copy = calloc(count + 2, sizeof *copy);
  if (copy == NULL) return NULL;
  size_t used = 0;
  copy[used++] = counter;
  for (size_t i = 0; i < count; i++)
    if (strncmp(environ[i], COUNTER "=", sizeof COUNTER) != 0) copy[used++] = environ[i];
  return copy;
}

static bool prepare(int argc, char **argv) {
  Dl_info own;
  if (dladdr((void *)(uintptr_t)heartwood_start_is_over, &own) == 0 || own.dli_fname == NULL) return false;
  const char *slash = strrchr(own.dli_fname, '/');
  if (slash == NULL) return false;
  char directory[sizeof launcher - sizeof "/launcher"] = "";
  if ((size_t)(slash - own.dli_fname) >= sizeof directory) return false;
  memcpy(directory, own.dli_fname, (size_t)(slash - own.dli_fname));
  append(launcher, sizeof launcher, directory);
  append(launcher, sizeof launcher, "/launcher");
  int count = 0;
  launcher_words = words_of_launcher(argc, argv, &count);
  environment = copy_environment();
  if (launcher_words == NULL || environment == NULL) return false;
  /* Without one, there is still the other try. */
  rescue_prepare(directory, count, launcher_words);
  return true;
}

void keep_alive(int argc, char **argv) {
  if (!must_not_end() || !prepare(argc, argv)) return;
  const char *failed = getenv(COUNTER);
  failed_starts = failed == NULL ? 0 : atoi(failed);
  if (failed_starts < 0 || failed_starts >= FAILED_STARTS_MAX) failed_starts = 0;
  unsetenv(COUNTER);
  prctl(PR_GET_PDEATHSIG, &parent_death_signal);
  static char stack[STACK_BYTES];
  const stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
  struct sigaction action = { .sa_sigaction = on_fatal_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
  sigset_t own;
  sigemptyset(&own);
  if (sigaltstack(&alternate, NULL) < 0 || atexit(on_exit_called) != 0) return;
  for (size_t i = 0; i < sizeof fatal / sizeof *fatal; i++) {
    sigaction(fatal[i], &action, NULL);
    sigaddset(&own, fatal[i]);
  }
  /* Who was executed by a handler, or by a thread that lets nothing through, would be deaf to them. */
  sigprocmask(SIG_UNBLOCK, &own, NULL);
  guarded = getpid();
  const char *hang = getenv("HEARTWOOD_HANG_MSEC");
  const int msec = hang == NULL ? 0 : atoi(hang);
  limit_start(msec > 0 ? msec * START_LIMIT_HANGS : START_LIMIT_MSEC);
}
