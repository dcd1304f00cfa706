/* heartwood-terminal: both ends of a unit's terminal. */
#include <stdio.h>
#include <string.h>

#include "terminal/frame.h"

enum { EXIT_USAGE = 2 };

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "hold") == 0) return hold_terminal(argv[2]);
  if (argc == 5 && strcmp(argv[1], "join") == 0) return join_terminal(argv[2], argv[3], strcmp(argv[4], "leave") == 0);
  fputs("Usage: heartwood-terminal hold DIRECTORY | heartwood-terminal join SOCKET DETACH-KEYS leave|tell\n"
        "Terminal=yes in [Service] and \"initctl attach UNIT\" call it.\n", stderr);
  return EXIT_USAGE;
}
