/*
 * payload: the smallest honest service. It appends one line to the events file, says that it is ready when
 * asked to, and sleeps until a signal ends it. Static, so that its own start costs every contestant the same.
 *
 *   payload EVENTS NAME [notify | fd N]
 *
 * notify   sends READY=1 to $NOTIFY_SOCKET (sd_notify(3))
 * fd N     writes a newline to descriptor N and closes it (the convention of s6 and dinit)
 *
 * Line written: "NAME start NANOSECONDS PID", one write(2) on a descriptor opened with O_APPEND, so that a
 * thousand services that start at once do not mix their lines. The clock is CLOCK_MONOTONIC.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static void say_ready(void) {
  const char *path = getenv("NOTIFY_SOCKET");
  if (path == NULL || (path[0] != '/' && path[0] != '@')) _exit(3);
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t length = strlen(path);
  if (length >= sizeof address.sun_path) _exit(3);
  memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  static const char ready[] = "READY=1";
  if (sendto(fd, ready, sizeof ready - 1, 0, (struct sockaddr *)&address,
             offsetof(struct sockaddr_un, sun_path) + length) < 0)
    _exit(3);
  close(fd);
}

int main(int argc, char **argv) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  if (argc < 3) return 2;
  int events = open(argv[1], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (events < 0) return 2;
  char line[256];
  int length = snprintf(line, sizeof line, "%s start %lld %d\n", argv[2],
                        (long long)now.tv_sec * 1000000000LL + now.tv_nsec, (int)getpid());
  if (write(events, line, (size_t)length) != length) return 2;
  close(events);
  if (argc > 3 && strcmp(argv[3], "notify") == 0) say_ready();
  if (argc > 4 && strcmp(argv[3], "fd") == 0) {
    int fd = atoi(argv[4]);
    if (write(fd, "\n", 1) != 1) return 3;
    close(fd);
  }
  for (;;) pause();
}
