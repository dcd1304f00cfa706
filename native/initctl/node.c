#include "node.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_TROUBLE = 1 };

/* The path of the program for Node: ../BUNDLE.js or ../BUNDLE.cjs, seen from this file with links resolved. */
static bool find_program(const char *bundle, char *path, size_t size) {
  char self[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length < 0) return false;
  self[length] = '\0';
  /* DIST/native/initctl: two names are cut off. */
  for (int cut = 0; cut < 2; cut++) {
    char *slash = strrchr(self, '/');
    if (slash != NULL) *slash = '\0';
  }
  static const char *const suffixes[] = { "js", "cjs" };
  for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
    if (snprintf(path, size, "%s/%s.%s", self, bundle, suffixes[i]) < (int)size && access(path, R_OK) == 0) return true;
  }
  return false;
}

static void try_path(char **arguments) {
  const char *search = getenv("PATH");
  if (search == NULL) search = "/usr/local/bin:/usr/bin:/bin";
  while (*search != '\0') {
    size_t length = strcspn(search, ":");
    char candidate[PATH_MAX];
    /* An empty entry would mean the current directory. */
    if (length > 0 && snprintf(candidate, sizeof candidate, "%.*s/node", (int)length, search) < (int)sizeof candidate) {
      arguments[0] = candidate;
      execv(candidate, arguments);
    }
    search += length + (search[length] == ':');
  }
}

int run_in_node(const char *bundle, const char *program, int argc, char **argv, const char *no_manager) {
  char client[PATH_MAX];
  char **arguments = malloc((size_t)(argc + 3) * sizeof *arguments);
  if (arguments != NULL && find_program(bundle, client, sizeof client)) {
    int used = 1;
    arguments[used++] = client;
    for (int i = 1; i < argc; i++) arguments[used++] = argv[i];
    arguments[used] = NULL;
    setenv("HEARTWOOD_PROGRAM", program, 1);
    if (no_manager != NULL) setenv("HEARTWOOD_NO_MANAGER", no_manager, 1);
    const char *chosen = getenv("HEARTWOOD_NODE");
    if (chosen != NULL && *chosen != '\0') {
      arguments[0] = (char *)chosen;
      execv(chosen, arguments);
    } else {
      arguments[0] = HEARTWOOD_BUILD_NODE;
      execv(HEARTWOOD_BUILD_NODE, arguments);
      try_path(arguments);
    }
  }
  if (no_manager != NULL) dprintf(STDERR_FILENO, "%s: %s\n", program, no_manager);
  else dprintf(STDERR_FILENO, "%s: this needs Node and %s.js, and one of them cannot be found\n", program, bundle);
  free(arguments);
  return EXIT_TROUBLE;
}
