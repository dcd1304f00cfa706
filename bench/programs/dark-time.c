/*
 * dark-time: how long a manager that is process 1 answers nobody after its engine died.
 *
 *   dark-time SOCKET COUNT PAUSE-MS
 *
 * Sends SIGSEGV to process 1, then asks the control socket as every client does (connect, hello, one request) and waits for
 * the answer. The listening socket outlives the engine, so the request waits in it. Prints COUNT lines "BEFORE AFTER"
 * (nanoseconds of CLOCK_MONOTONIC). A connection that ends is made again: the dying engine may have taken it.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static const char request[] =
    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\",\"params\":{\"protocol\":1,\"client\":\"dark-time\"}}\n"
    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"manager\",\"params\":{}}\n";

static long long clock_nsec(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* Returns 1 when the second request was answered, 0 when the connection ended before. */
static int ask(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  char text[65536];
  size_t length = 0;
  int answered = 0;
  strncpy(address.sun_path, path, sizeof address.sun_path - 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    if (fd >= 0) close(fd);
    return 0;
  }
  if (send(fd, request, sizeof request - 1, MSG_NOSIGNAL) == (ssize_t)sizeof request - 1) {
    while (!answered && length < sizeof text - 1) {
      ssize_t got = read(fd, text + length, sizeof text - 1 - length);
      if (got <= 0) break;
      length += (size_t)got;
      text[length] = '\0';
      answered = strstr(text, "\"id\":2,\"result\"") != NULL;
    }
  }
  close(fd);
  return answered;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  int count = atoi(argv[2]), pause_ms = atoi(argv[3]);
  signal(SIGPIPE, SIG_IGN);
  for (int i = 0; i < count; i++) {
    usleep((useconds_t)pause_ms * 1000);
    long long before = clock_nsec();
    if (kill(1, SIGSEGV) < 0) return 1;
    while (!ask(argv[1])) usleep(200);
    printf("%lld %lld\n", before, clock_nsec());
    fflush(stdout);
  }
  return 0;
}
