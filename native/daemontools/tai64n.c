/* tai64n puts the time before each line, tai64nlocal makes it readable. */
#include "daemontools/tai64n.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemontools/tool.h"

void write_label_of_now(char *label) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  char text[TAI64N_LABEL_BYTES + 1];
  snprintf(text, sizeof text, "@%016llx%08lx", (unsigned long long)now.tv_sec + TAI64N_EPOCH_SECONDS, now.tv_nsec);
  memcpy(label, text, TAI64N_LABEL_BYTES);
}

enum { READ_BYTES = 8192 };

static char output[READ_BYTES];
static size_t output_used;

static void flush_output(void) {
  for (size_t sent = 0; sent < output_used;) {
    ssize_t wrote = write(STDOUT_FILENO, output + sent, output_used - sent);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) _exit(EXIT_TROUBLE);
    sent += (size_t)wrote;
  }
  output_used = 0;
}

static void put(const char *bytes, size_t length) {
  if (length > sizeof output - output_used) flush_output();
  memcpy(output + output_used, bytes, length);
  output_used += length;
}

/* Bytes of standard input, everything before them having been written; 0 at the end. */
static size_t read_input(char *bytes) {
  flush_output();
  for (;;) {
    ssize_t got = read(STDIN_FILENO, bytes, READ_BYTES);
    if (got >= 0) return (size_t)got;
    if (errno != EINTR) _exit(EXIT_TROUBLE);
  }
}

int run_tai64n(int argc, char **argv) {
  (void)argc;
  (void)argv;
  static char input[READ_BYTES];
  bool at_line_start = true;
  for (size_t length; (length = read_input(input)) > 0;) {
    for (size_t i = 0; i < length;) {
      if (at_line_start) {
        char label[TAI64N_LABEL_BYTES + 1];
        write_label_of_now(label);
        label[TAI64N_LABEL_BYTES] = ' ';
        put(label, sizeof label);
      }
      const char *newline = memchr(input + i, '\n', length - i);
      size_t piece = newline == NULL ? length - i : (size_t)(newline - (input + i)) + 1;
      put(input + i, piece);
      at_line_start = newline != NULL;
      i += piece;
    }
  }
  return 0;
}

/* Upper case is no label. */
static int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Puts a label as local time. What is no label, or no time that this machine can tell, is put as it is. */
static void put_label(const char *label, size_t length) {
  uint64_t seconds = 0;
  uint32_t nanoseconds = 0;
  for (size_t i = 1; i < length; i++) {
    unsigned value = (unsigned)digit_value(label[i]);
    if (i <= 16) seconds = seconds << 4 | value;
    else nanoseconds = nanoseconds << 4 | value;
  }
  time_t time = (time_t)(seconds - TAI64N_EPOCH_SECONDS);
  struct tm local;
  if (length != TAI64N_LABEL_BYTES || localtime_r(&time, &local) == NULL) {
    put(label, length);
    return;
  }
  char text[64];
  int written = snprintf(text, sizeof text, "%d-%02d-%02d %02d:%02d:%02d.%09u", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, nanoseconds);
  put(text, (size_t)written);
}

int run_tai64nlocal(int argc, char **argv) {
  (void)argc;
  (void)argv;
  static char input[READ_BYTES];
  char label[TAI64N_LABEL_BYTES];
  /* What is known of the line: nothing, its beginning which may be a label, or that the rest is text. */
  enum { LINE_START, IN_LABEL, IN_TEXT } place = LINE_START;
  size_t label_length = 0;
  for (size_t length; (length = read_input(input)) > 0;) {
    for (size_t i = 0; i < length; i++) {
      char c = input[i];
      if (place == LINE_START && c == '@') {
        place = IN_LABEL;
        label[0] = c;
        label_length = 1;
        continue;
      }
      if (place == IN_LABEL && digit_value(c) >= 0 && label_length < sizeof label) {
        label[label_length++] = c;
        continue;
      }
      if (place == IN_LABEL) {
        /* A 25th digit: whatever this is, it is no label. */
        if (digit_value(c) >= 0) put(label, label_length);
        else put_label(label, label_length);
      }
      put(&c, 1);
      place = c == '\n' ? LINE_START : IN_TEXT;
    }
  }
  if (place == IN_LABEL) put_label(label, label_length);
  flush_output();
  return 0;
}
