/* setuidgid and envuidgid: an account's numbers, taken on or told. */
#include "daemontools/tool.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct passwd *account(int argc, char **argv) {
  if (argc < 3) die_of_usage();
  const struct passwd *found = getpwnam(argv[1]);
  if (found == NULL) die("unknown account ", argv[1], NULL);
  return found;
}

/* Groups before the user: afterwards it would not be allowed. No supplementary groups are kept. */
int run_setuidgid(int argc, char **argv) {
  const struct passwd *user = account(argc, argv);
  if (setgroups(1, &user->pw_gid) != 0 || setgid(user->pw_gid) != 0) die_of_error("unable to setgid: ", NULL);
  if (setuid(user->pw_uid) != 0) die_of_error("unable to setuid: ", NULL);
  become(argv + 2);
}

static void set_number(const char *name, unsigned long number) {
  char text[24];
  snprintf(text, sizeof text, "%lu", number);
  if (setenv(name, text, 1) != 0) die_of_error("unable to set ", name, ": ", NULL);
}

int run_envuidgid(int argc, char **argv) {
  const struct passwd *user = account(argc, argv);
  set_number("GID", user->pw_gid);
  set_number("UID", user->pw_uid);
  become(argv + 2);
}
