/* Finds the tool that is wanted: by the name of the program, or by the first argument ("daemontools tai64n"). */
#include "daemontools/tool.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define USAGE(name, synopsis) name ": usage: " name " " synopsis "\n"

static const struct tool TOOLS[] = {
  { "envdir", USAGE("envdir", "dir child"), run_envdir },
  { "envuidgid", USAGE("envuidgid", "account child"), run_envuidgid },
  { "fghack", USAGE("fghack", "child"), run_fghack },
  { "multilog", NULL, run_multilog },
  { "pgrphack", USAGE("pgrphack", "child"), run_pgrphack },
  { "readproctitle", USAGE("readproctitle", "title room"), run_readproctitle },
  { "setlock", USAGE("setlock", "[ -nNxX ] file program [ arg ... ]"), run_setlock },
  { "setuidgid", USAGE("setuidgid", "account child"), run_setuidgid },
  /* No tool of daemontools: for our own supervise. */
  { "shared-lock", NULL, run_shared_lock },
  { "softlimit",
    USAGE("softlimit", "[-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] [-l lockbytes] [-m membytes] [-o openfiles] [-p processes] "
    "[-r residentbytes] [-s stackbytes] [-t cpusecs] child"),
    run_softlimit },
  { "svc", "svc options: u up, d down, o once, x exit, p pause, c continue, h hup, a alarm, i interrupt, t term, k kill\n", run_svc },
  { "svok", USAGE("svok", "dir"), run_svok },
  { "svstat", NULL, run_svstat },
  { "tai64n", NULL, run_tai64n },
  { "tai64nlocal", NULL, run_tai64nlocal },
};
enum { TOOL_COUNT = sizeof TOOLS / sizeof *TOOLS };

const struct tool *current_tool;

static const char *base_name(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash == NULL ? path : slash + 1;
}

static const struct tool *find_tool(const char *name) {
  for (size_t i = 0; i < TOOL_COUNT; i++) {
    if (strcmp(TOOLS[i].name, name) == 0) return &TOOLS[i];
  }
  return NULL;
}

int main(int argc, char **argv) {
  if (argc > 0) current_tool = find_tool(base_name(argv[0]));
  if (current_tool == NULL && argc > 1) {
    current_tool = find_tool(argv[1]);
    argc--;
    argv++;
  }
  if (current_tool != NULL) return current_tool->run(argc, argv);
  fputs("daemontools: which tool? call it by the name of one, or put the name first:", stderr);
  for (size_t i = 0; i < TOOL_COUNT; i++) fprintf(stderr, " %s", TOOLS[i].name);
  fputc('\n', stderr);
  return EXIT_WRONG_USAGE;
}

static void print_parts(const char *kind, const char *part, va_list rest, const char *reason) {
  /* One write for the whole line: many writers share a log. */
  char line[8192];
  size_t used = (size_t)snprintf(line, sizeof line - 1, "%s: %s", current_tool->name, kind);
  for (; part != NULL; part = va_arg(rest, const char *)) {
    used += (size_t)snprintf(line + used, sizeof line - 1 - used, "%s", part);
    if (used > sizeof line - 2) used = sizeof line - 2;
  }
  used += (size_t)snprintf(line + used, sizeof line - 1 - used, "%s", reason);
  if (used > sizeof line - 2) used = sizeof line - 2;
  line[used++] = '\n';
  if (write(STDERR_FILENO, line, used) < 0) return;
}

void print_usage(void) {
  dprintf(STDERR_FILENO, "%s", current_tool->usage);
}

void die_of_usage(void) {
  print_usage();
  exit(EXIT_WRONG_USAGE);
}

void die(const char *part, ...) {
  va_list rest;
  va_start(rest, part);
  print_parts("fatal: ", part, rest, "");
  va_end(rest);
  exit(EXIT_TROUBLE);
}

void die_of_error(const char *part, ...) {
  int error = errno;
  va_list rest;
  va_start(rest, part);
  print_parts("fatal: ", part, rest, error_text(error));
  va_end(rest);
  exit(EXIT_TROUBLE);
}

void warn(int error, const char *part, ...) {
  va_list rest;
  va_start(rest, part);
  print_parts("warning: ", part, rest, error == 0 ? "" : error_text(error));
  va_end(rest);
}

int next_option(int argc, char **argv, const char *letters) {
  char wanted[64];
  /* The plus ends the options at the first other word, the colon leaves the messages to us. */
  snprintf(wanted, sizeof wanted, "+:%s", letters);
  int option = getopt(argc, argv, wanted);
  if (option != '?' && option != ':') return option;
  dprintf(STDERR_FILENO, "%s: %s -- %c\n", base_name(argv[0]), option == ':' ? "option requires an argument" : "illegal option", optopt);
  die_of_usage();
}

/* Errors that say "not here" of one directory of the path; the search goes on. */
static bool means_elsewhere(int error) {
  return error == ENOENT || error == EACCES || error == EPERM || error == EISDIR;
}

void become(char **argv) {
  const char *name = argv[0];
  if (strchr(name, '/') != NULL) {
    execv(name, argv);
    die_of_error("unable to run ", name, ": ", NULL);
  }
  const char *path = getenv("PATH");
  if (path == NULL) path = "/bin:/usr/bin";
  int worst = 0;
  for (;;) {
    size_t length = strcspn(path, ":");
    char *candidate = malloc(length + strlen(name) + 3);
    if (candidate == NULL) die_of_error("unable to run ", name, ": ", NULL);
    if (length == 0) sprintf(candidate, "./%s", name);
    else sprintf(candidate, "%.*s/%s", (int)length, path, name);
    execv(candidate, argv);
    free(candidate);
    if (errno != ENOENT) {
      worst = errno;
      if (!means_elsewhere(worst)) break;
    }
    if (path[length] == '\0') break;
    path += length + 1;
  }
  errno = worst == 0 ? ENOENT : worst;
  die_of_error("unable to run ", name, ": ", NULL);
}
