/* Tools that change something about themselves and then become another program: pgrphack, setlock, and fghack, which stays. */
#include "daemontools/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

/* A new session, and so a new process group: what signals the starter's group does not reach the program. */
int run_pgrphack(int argc, char **argv) {
  if (argc < 2) die_of_usage();
  setsid();
  become(argv + 1);
}

int run_setlock(int argc, char **argv) {
  bool waits = true;
  bool quiet = false;
  for (int option; (option = next_option(argc, argv, "nNxX")) != -1;) {
    switch (option) {
      case 'n': waits = false; break;
      case 'N': waits = true; break;
      case 'x': quiet = true; break;
      default: quiet = false; break;
    }
  }
  argv += optind;
  if (argc - optind < 2) die_of_usage();
  const char *file = *argv++;
  /* The program inherits the descriptor, and with it the lock. */
  int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK, 0600);
  if (fd < 0) {
    if (quiet) return 0;
    die_of_error("unable to open ", file, ": ", NULL);
  }
  while (flock(fd, LOCK_EX | (waits ? 0 : LOCK_NB)) != 0) {
    if (errno == EINTR) continue;
    if (quiet) return 0;
    die_of_error("unable to lock ", file, ": ", NULL);
  }
  become(argv);
}

/* So many copies of the pipe go to the child, because daemons close descriptors they do not know. */
enum { PIPE_COPIES = 30 };

/*
 * Runs a program that puts itself into the background, and stays until all that came of it has ended: that closes the last copy of
 * a pipe which nobody writes to.
 */
int run_fghack(int argc, char **argv) {
  if (argc < 2) die_of_usage();
  int ends[2];
  if (pipe(ends) != 0) die_of_error("unable to create pipe: ", NULL);
  pid_t child = fork();
  if (child < 0) die_of_error("unable to fork: ", NULL);
  if (child == 0) {
    close(ends[0]);
    for (int i = 0; i < PIPE_COPIES; i++) {
      if (dup(ends[1]) < 0) break;
    }
    become(argv + 1);
  }
  close(ends[1]);
  for (;;) {
    char ignored[64];
    ssize_t got = read(ends[0], ignored, sizeof ignored);
    if (got == 0 || (got < 0 && errno != EINTR)) break;
  }
  int status;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) die_of_error("unable to wait for the child: ", NULL);
  }
  if (WIFSIGNALED(status)) die("child crashed", NULL);
  return WEXITSTATUS(status);
}
