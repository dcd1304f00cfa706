/*
 * The small tools of daemontools: one program that is called by many names. What they print, accept and return is what
 * daemontools 0.76 does, so that run scripts written for it work; test/seeds/daemontools compares both.
 */
#ifndef HEARTWOOD_DAEMONTOOLS_TOOL_H
#define HEARTWOOD_DAEMONTOOLS_TOOL_H

#include <stddef.h>

/* The two statuses of daemontools beside those of the programs it runs: the caller was wrong, or the machine was. */
enum { EXIT_WRONG_USAGE = 100, EXIT_TROUBLE = 111 };

struct tool {
  const char *name;
  /* The line that is printed when it is called wrongly; NULL for tools that take any arguments. */
  const char *usage;
  int (*run)(int argc, char **argv);
};

/* The tool that runs; its name begins each message. */
extern const struct tool *current_tool;

int run_envdir(int argc, char **argv);
int run_envuidgid(int argc, char **argv);
int run_fghack(int argc, char **argv);
int run_multilog(int argc, char **argv);
int run_pgrphack(int argc, char **argv);
int run_readproctitle(int argc, char **argv);
int run_setlock(int argc, char **argv);
int run_setuidgid(int argc, char **argv);
int run_shared_lock(int argc, char **argv);
int run_softlimit(int argc, char **argv);
int run_svc(int argc, char **argv);
int run_svok(int argc, char **argv);
int run_svstat(int argc, char **argv);
int run_tai64n(int argc, char **argv);
int run_tai64nlocal(int argc, char **argv);

void print_usage(void);

/* Prints the usage and ends with EXIT_WRONG_USAGE. */
_Noreturn void die_of_usage(void);

/* "NAME: fatal: " and the parts up to a NULL; ends with EXIT_TROUBLE. */
_Noreturn void die(const char *part, ...) __attribute__((sentinel));

/* As `die`, with what errno means at the end: the parts end with a colon and a blank. */
_Noreturn void die_of_error(const char *part, ...) __attribute__((sentinel));

/* "NAME: warning: ", the parts, and what errno means when `error` is not 0. */
void warn(int error, const char *part, ...) __attribute__((sentinel));

/* daemontools' own words for an errno. */
const char *error_text(int error);

/* The next option letter, as getopt(3) with daemontools' messages; options end at the first other word. -1 at their end. */
int next_option(int argc, char **argv, const char *letters);

/* Becomes the program, looked for on $PATH unless its name has a slash; dies when it cannot. */
_Noreturn void become(char **argv);

#endif
