/*
 * multilog: takes lines from standard input and puts those that are selected into directories of files that rotate by themselves.
 * The words are actions, done in order for each line:
 *
 *   +PATTERN -PATTERN   select or deselect lines; a line's first HEAD_BYTES count
 *   e                   to standard error, shortened
 *   =FILE               the file holds the last selected line
 *   tANYTHING           as the first word only: put the time before each line
 *   sSIZE nNUM !COMMAND settings of the directories that follow
 *   ./DIR /DIR          a log directory
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemontools/log-directory.h"
#include "daemontools/tai64n.h"
#include "daemontools/tool.h"

/* What is looked at to select a line, and what a status file shows of it. */
enum { HEAD_BYTES = 1000 };
enum { STATUS_FILE_BYTES = HEAD_BYTES + 1 };
/* What standard error gets of a line. */
enum { ALERT_BYTES = 200 };
/* Input is taken in pieces of this size: what arrived is in the files before more is asked for. */
enum { INPUT_BYTES = 1024 };
enum { FILES_KEPT_DEFAULT = 10, FILE_BYTES_DEFAULT = 99999 };

struct action {
  enum { SELECT, DESELECT, ALERT, STATUS_FILE, DIRECTORY } kind;
  const char *text;
  int status_fd;
  struct log_directory *directory;
  /* Whether the line in hand goes into this directory. */
  bool wanted;
};

static struct action *actions;
static size_t action_count;
static bool stamps_lines;

/* The line in hand. */
static char head[HEAD_BYTES];
static size_t head_length;
/* Once the head is full or whole, the rest of the line goes to the same places. */
static enum { BETWEEN_LINES, IN_HEAD, IN_REST } place = BETWEEN_LINES;

static volatile sig_atomic_t end_wanted;
static volatile sig_atomic_t rotation_wanted;

static void on_signal(int signal) {
  if (signal == SIGTERM) end_wanted = 1;
  else rotation_wanted = 1;
}

/* A star in a pattern stands for anything up to the next byte of the pattern, or to the end. */
static bool matches(const char *pattern, const char *text, size_t length) {
  for (; *pattern != '\0'; pattern++) {
    if (*pattern != '*') {
      if (length == 0 || *text != *pattern) return false;
      text++;
      length--;
      continue;
    }
    if (pattern[1] == '\0') return true;
    const char *found = memchr(text, pattern[1], length);
    if (found == NULL) return false;
    length -= (size_t)(found - text);
    text = found;
  }
  return length == 0;
}

static void alert(void) {
  char line[ALERT_BYTES + 4];
  size_t length = head_length;
  if (length > ALERT_BYTES) length = ALERT_BYTES;
  memcpy(line, head, length);
  if (head_length > ALERT_BYTES) {
    memcpy(line + length, "...", 3);
    length += 3;
  }
  line[length++] = '\n';
  for (size_t sent = 0; sent < length;) {
    ssize_t wrote = write(STDERR_FILENO, line + sent, length - sent);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return;
    sent += (size_t)wrote;
  }
}

static void write_status(const struct action *action) {
  char line[STATUS_FILE_BYTES];
  memcpy(line, head, head_length);
  memset(line + head_length, '\n', sizeof line - head_length);
  for (size_t sent = 0; sent < sizeof line;) {
    ssize_t wrote = pwrite(action->status_fd, line + sent, sizeof line - sent, (off_t)sent);
    if (wrote > 0) sent += (size_t)wrote;
    else if (wrote == 0 || errno != EINTR) pause_for_trouble("unable to write to ", action->text, ", pausing: ");
  }
}

/* The head of the line is known: who gets it, gets it. */
static void end_head(void) {
  bool selected = true;
  for (size_t i = 0; i < action_count; i++) {
    struct action *action = &actions[i];
    switch (action->kind) {
      case SELECT:
        if (!selected && matches(action->text, head, head_length)) selected = true;
        break;
      case DESELECT:
        if (selected && matches(action->text, head, head_length)) selected = false;
        break;
      case ALERT:
        if (selected) alert();
        break;
      case STATUS_FILE:
        if (selected) write_status(action);
        break;
      case DIRECTORY:
        action->wanted = selected;
        if (selected) put_in_directory(action->directory, head, head_length);
        break;
    }
  }
}

static void put_rest(char c) {
  for (size_t i = 0; i < action_count; i++) {
    if (actions[i].kind == DIRECTORY && actions[i].wanted) put_in_directory(actions[i].directory, &c, 1);
  }
}

static void flush_directories(void) {
  for (size_t i = 0; i < action_count; i++) {
    if (actions[i].kind == DIRECTORY) flush_directory(actions[i].directory);
  }
}

static void end_line(void) {
  if (place == IN_HEAD) end_head();
  put_rest('\n');
  place = BETWEEN_LINES;
}

static void take(char c) {
  if (place == BETWEEN_LINES) {
    place = IN_HEAD;
    head_length = 0;
    if (stamps_lines) {
      write_label_of_now(head);
      head[TAI64N_LABEL_BYTES] = ' ';
      head_length = TAI64N_LABEL_BYTES + 1;
    }
  }
  if (c == '\n') {
    end_line();
  } else if (place == IN_REST) {
    put_rest(c);
  } else {
    head[head_length++] = c;
    if (head_length < HEAD_BYTES) return;
    end_head();
    place = IN_REST;
  }
}

/* Signals come only while it waits here, with nothing half done. Number of bytes read; 0 when no more are wanted. */
static size_t read_input(char *bytes, const sigset_t *while_waiting) {
  for (;;) {
    flush_directories();
    if (rotation_wanted) {
      rotation_wanted = 0;
      for (size_t i = 0; i < action_count; i++) {
        if (actions[i].kind == DIRECTORY) rotate_directory_that_holds_any(actions[i].directory);
      }
    }
    if (end_wanted && place == BETWEEN_LINES) return 0;
    struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
    if (ppoll(&input, 1, NULL, while_waiting) < 0) continue;
    /* After the signal to end no byte beyond the line is taken: it belongs to who reads next. */
    ssize_t got = read(STDIN_FILENO, bytes, end_wanted ? 1 : INPUT_BYTES);
    if (got >= 0) return (size_t)got;
    if (errno != EINTR && errno != EAGAIN) return 0;
  }
}

static void add_action(struct action action) {
  actions[action_count++] = action;
}

/* The digits at the beginning of a word; 0 when there are none, as with daemontools. */
static unsigned long number(const char *text) {
  return *text >= '0' && *text <= '9' ? strtoul(text, NULL, 10) : 0;
}

static void read_script(char **words) {
  struct directory_settings settings = { .file_bytes = FILE_BYTES_DEFAULT, .files_kept = FILES_KEPT_DEFAULT, .processor = NULL };
  stamps_lines = words[0] != NULL && words[0][0] == 't';
  for (; *words != NULL; words++) {
    const char *word = *words;
    switch (word[0]) {
      case '+': add_action((struct action){ .kind = SELECT, .text = word + 1 }); break;
      case '-': add_action((struct action){ .kind = DESELECT, .text = word + 1 }); break;
      case 'e': add_action((struct action){ .kind = ALERT }); break;
      case '=': {
        int fd = open(word + 1, O_WRONLY | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0600);
        if (fd < 0) die_of_error("unable to create ", word + 1, ": ", NULL);
        add_action((struct action){ .kind = STATUS_FILE, .text = word + 1, .status_fd = fd });
        break;
      }
      case 's': settings.file_bytes = number(word + 1); break;
      case 'n': settings.files_kept = number(word + 1); break;
      case '!': settings.processor = word + 1; break;
      case '.':
      case '/': add_action((struct action){ .kind = DIRECTORY, .directory = open_log_directory(word, settings) }); break;
      default: break;
    }
  }
}

int run_multilog(int argc, char **argv) {
  umask(022);
  actions = calloc((size_t)argc + 1, sizeof *actions);
  if (actions == NULL) die_of_error("unable to start: ", NULL);

  sigset_t held;
  sigset_t while_waiting;
  sigemptyset(&held);
  sigaddset(&held, SIGTERM);
  sigaddset(&held, SIGALRM);
  sigprocmask(SIG_BLOCK, &held, &while_waiting);
  sigdelset(&while_waiting, SIGTERM);
  sigdelset(&while_waiting, SIGALRM);
  struct sigaction action = { .sa_handler = on_signal };
  sigaction(SIGTERM, &action, NULL);
  sigaction(SIGALRM, &action, NULL);

  read_script(argv + 1);
  char input[INPUT_BYTES];
  for (size_t length; (length = read_input(input, &while_waiting)) > 0;) {
    for (size_t i = 0; i < length; i++) take(input[i]);
  }
  if (place != BETWEEN_LINES) end_line();
  for (size_t i = 0; i < action_count; i++) {
    if (actions[i].kind == DIRECTORY) close_log_directory(actions[i].directory);
  }
  return 0;
}
