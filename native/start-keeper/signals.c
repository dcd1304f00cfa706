/*
 * Keeps the signals blocked that were blocked when the program was executed, against the program's own start.
 *
 * A manager that executes itself anew has its signals blocked, and what is sent meanwhile waits in the kernel. But Node begins with
 * letting all signals through and giving them their default actions: to process 1 they would be lost, and a manager that is not
 * process 1 would die of a SIGTERM sent in that moment. So no thread may unblock what was blocked; the addon then reads what waited from
 * its signalfd. Threads get the mask of their maker.
 */
#include "start-keeper/signals.h"

#include <dlfcn.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef int mask_function(int how, const sigset_t *set, sigset_t *former);

/* What is a message to the manager: src/host/signal-source.ts. All others are none of its business. */
static const int messages[] = { SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU, SIGWINCH, SIGPWR, SIGCHLD };

static sigset_t kept;
static mask_function *own_pthread_sigmask;

void keep_signals(void) {
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
__attribute__((visibility("default"))) int pthread_sigmask(int how, const sigset_t *set, sigset_t *former) {
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
