/*
 * Commands for Node: the gateway runs dist/gateway.js; those of other service managers run dist/front.js under the name they were called
 * by, or that of the first argument when that name is this program's own.
 */
#include <string.h>

#include "initctl/node.h"

enum { EXIT_TROUBLE = 111 };

int main(int argc, char **argv) {
  if (argc < 1) return EXIT_TROUBLE;
  const char *slash = strrchr(argv[0], '/');
  const char *name = slash == NULL ? argv[0] : slash + 1;
  return run_in_node(strcmp(name, "heartwood-gateway") == 0 ? "gateway" : "front", name, argc, argv, NULL);
}
