/* readproctitle: the last bytes of what it reads stand in its own command line, where ps shows them. */
#include "daemontools/tool.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* The dots in front stay. Less room than this would show nothing worth reading. */
enum { DOTS_KEPT = 3, ROOM_BYTES_MIN = 5 };

int run_readproctitle(int argc, char **argv) {
  if (argc < 2) return EXIT_WRONG_USAGE;
  /* The kernel shows the memory that the arguments were put into, so the last one is the room. */
  char *room = argv[argc - 1];
  size_t size = strlen(room);
  if (size < ROOM_BYTES_MIN) return EXIT_WRONG_USAGE;
  memset(room, '.', size);
  for (;;) {
    char bytes[1024];
    ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (got == 0) return 0;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return EXIT_TROUBLE;
    for (ssize_t i = 0; i < got; i++) {
      /* A zero would end the argument. */
      if (bytes[i] == '\0') continue;
      memmove(room + DOTS_KEPT, room + DOTS_KEPT + 1, size - DOTS_KEPT - 1);
      room[size - 1] = bytes[i];
    }
  }
}
