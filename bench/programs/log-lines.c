/*
 * log-lines: writes numbered lines to standard output as fast as they are taken.
 *
 *   log-lines EVENTS NAME COUNT
 *
 * Each line is 100 bytes with its newline and ends in its ten-digit number; 40 of them go into each write(2), as a
 * program with a stdio buffer of 4 KiB would do. After the last write it waits until the reader has taken every byte
 * (FIONREAD on a pipe, SIOCOUTQ on a socket), appends "NAME start NS PID" and "NAME drained NS PID" to the events
 * file and sleeps, so that no manager restarts it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 100, LINES_PER_WRITE = 40, NUMBER_DIGITS = 10 };

static long long clock_nsec(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void write_all(const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(1, bytes, length);
    if (written < 0) _exit(1);
    bytes += written;
    length -= (size_t)written;
  }
}

static void report(const char *path, const char *name, const char *event, long long nsec) {
  char line[256];
  int length = snprintf(line, sizeof line, "%s %s %lld %d\n", name, event, nsec, (int)getpid());
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0 || write(fd, line, (size_t)length) != length) _exit(1);
  close(fd);
}

static int unread_bytes(void) {
  struct stat status;
  int unread = 0;
  if (fstat(1, &status) < 0) return 0;
  if (S_ISFIFO(status.st_mode)) ioctl(1, FIONREAD, &unread);
  if (S_ISSOCK(status.st_mode)) ioctl(1, SIOCOUTQ, &unread);
  return unread;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  long count = atol(argv[3]);
  char block[LINE_BYTES * LINES_PER_WRITE];
  memset(block, '.', sizeof block);
  long long started = clock_nsec();
  for (long next = 0; next < count;) {
    size_t used = 0;
    for (int i = 0; i < LINES_PER_WRITE && next < count; i++, next++) {
      char *end = block + used + LINE_BYTES - 1;
      long number = next;
      *end = '\n';
      for (int digit = 1; digit <= NUMBER_DIGITS; digit++, number /= 10) end[-digit] = (char)('0' + number % 10);
      used += LINE_BYTES;
    }
    write_all(block, used);
  }
  while (unread_bytes() > 0) usleep(200);
  long long drained = clock_nsec();
  report(argv[1], argv[2], "start", started);
  report(argv[1], argv[2], "drained", drained);
  for (;;) pause();
}
