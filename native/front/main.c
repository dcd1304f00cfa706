/*
 * The commands of other service managers, for Node: runs dist/front.js under the name it was called by, or that of the first argument
 * when that name is this program's own.
 */
#include <string.h>

#include "initctl/node.h"

enum { EXIT_TROUBLE = 111 };

int main(int argc, char **argv) {
  if (argc < 1) return EXIT_TROUBLE;
  const char *slash = strrchr(argv[0], '/');
  return run_in_node("front", slash == NULL ? argv[0] : slash + 1, argc, argv, NULL);
}
