/*
 * signal-keeper: keeps the signals blocked that were blocked when the program was executed, against the program's own start.
 *
 * A manager that executes itself anew has its signals blocked, and what is sent meanwhile waits in the kernel. But Node begins with
 * letting all signals through and giving them their default actions: to process 1 they would be lost, and a manager that is not
 * process 1 would die of a SIGTERM sent in that moment. So the launcher preloads this library, which lets no thread unblock what was
 * blocked; the addon then reads what waited from its signalfd. Threads get the mask of their maker.
 *
 * Only the launcher preloads it, and only when there is something to keep: see there.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef int mask_function(int how, const sigset_t *set, sigset_t *former);

/* What is a message to the manager: src/host/signal-source.ts. All others are none of its business. */
static const int messages[] = { SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH, SIGPWR, SIGCHLD };

static sigset_t kept;
static mask_function *own_pthread_sigmask;

__attribute__((constructor)) static void keep(void) {
  /* Nothing that this program starts is to have it; what somebody else wants preloaded stands behind it. */
  const char *others = getenv("LD_PRELOAD");
  others = others == NULL ? NULL : strchr(others, ':');
  if (others == NULL) unsetenv("LD_PRELOAD");
  else setenv("LD_PRELOAD", others + 1, 1);
  own_pthread_sigmask = (mask_function *)dlsym(RTLD_NEXT, "pthread_sigmask");
  sigset_t blocked;
  sigprocmask(SIG_BLOCK, NULL, &blocked);
  sigemptyset(&kept);
  for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
    if (sigismember(&blocked, messages[i]) == 1) sigaddset(&kept, messages[i]);
  /* Not the last one: with it the addon reaches threads (addon/signal.cc). */
  for (int signal = SIGRTMIN; signal < SIGRTMAX; signal++)
    if (sigismember(&blocked, signal) == 1) sigaddset(&kept, signal);
}

/* The whole effect: whatever a thread asks for, the kept signals stay blocked in it. */
int pthread_sigmask(int how, const sigset_t *set, sigset_t *former) {
  if (own_pthread_sigmask == NULL) own_pthread_sigmask = (mask_function *)dlsym(RTLD_NEXT, "pthread_sigmask");
  if (set == NULL || how == SIG_BLOCK) return own_pthread_sigmask(how, set, former);
  sigset_t wanted = *set;
  for (int signal = 1; signal <= SIGRTMAX; signal++) {
    if (sigismember(&kept, signal) != 1) continue;
    if (how == SIG_SETMASK) sigaddset(&wanted, signal);
    else sigdelset(&wanted, signal);
  }
  return own_pthread_sigmask(how, &wanted, former);
}
