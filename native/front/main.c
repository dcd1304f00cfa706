/*
 * Commands for Node: the gateway runs dist/gateway.js; those of other service managers run dist/front.js under the name they were called
 * by, or that of the first argument when that name is this program's own. Called heartwood-script, it runs dist/script.js, the process
 * of scripted units.
 */
#include <string.h>

#include "initctl/node.h"

enum { EXIT_TROUBLE = 111 };

int main(int argc, char **argv) {
  if (argc < 1) return EXIT_TROUBLE;
  const char *slash = strrchr(argv[0], '/');
  const char *name = slash == NULL ? argv[0] : slash + 1;
  const char *bundle = strcmp(name, "heartwood-gateway") == 0 ? "gateway" : strcmp(name, "heartwood-script") == 0 ? "script" : "front";
  return run_in_node(bundle, name, argc, argv, NULL);
}
