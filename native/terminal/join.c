/*
 * heartwood-terminal join SOCKET KEYS leave|tell: the caller's terminal becomes that of a unit, until the unit has ended or the keys are
 * typed. At the end of an input that is no terminal it leaves, or tells the unit.
 *
 * Two processes: one carries bytes, the other waits for it and puts the terminal back as it was, whatever the first one died of. When
 * the second dies, the kernel ends the first with a signal on which it does the same.
 *
 * Exit status: 0 the unit has ended, 10 it was left by keys or the end of the input, 11 the unit's side let
 * this client go, 12 the connection was lost and did not come back, 1 there is nobody at the socket.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "terminal/frame.h"

enum { EXIT_OVER = 0, EXIT_NOBODY = 1, EXIT_DETACHED = 10, EXIT_SLOW = 11, EXIT_LOST = 12 };
/* Keys that belong together are typed within this. */
enum { KEYS_MSEC = 1000 };
/* The holder of the terminal is started again within a moment when it dies. */
enum { CONNECT_TRIES = 50, CONNECT_PAUSE_MSEC = 100 };

static struct termios before;
static bool is_terminal;
static volatile sig_atomic_t ending_signal;
static volatile sig_atomic_t size_changed = 1;
static volatile sig_atomic_t was_stopped;
/* The unit's program drew on the second screen of the terminal, which has to be left for it. */
static bool on_second_screen;
static bool at_line_start = true;

static void on_signal(int number) {
  if (number == SIGWINCH) size_changed = 1;
  else if (number == SIGCONT) was_stopped = size_changed = 1;
  else ending_signal = number;
}

static bool write_all(int fd, const void *bytes, size_t count) {
  const char *at = bytes;
  while (count > 0) {
    ssize_t written = write(fd, at, count);
    if (written < 0 && errno == EINTR && ending_signal == 0) continue;
    if (written < 0 && errno == EAGAIN && ending_signal == 0) {
      /* Shared with others, who may have set it so. */
      struct pollfd ready = { .fd = fd, .events = POLLOUT };
      poll(&ready, 1, -1);
      continue;
    }
    if (written < 0) return false;
    at += written;
    count -= (size_t)written;
  }
  return true;
}

/* --- the caller's terminal ------------------------------------------------------------------------------------------------ */

static void make_raw(void) {
  struct termios raw = before;
  cfmakeraw(&raw);
  if (is_terminal) tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
}

static void put_back(void) {
  if (!is_terminal) return;
  /* Whoever waits in the background for the terminal is not to be stopped by this. */
  signal(SIGTTOU, SIG_IGN);
  tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

/* What the unit's program may have switched on and a shell does not expect: colours, no cursor, the mouse, marks around pasted text. */
static void leave_screen(void) {
  static const char ordinary[] = "\033[0m\033[?25h\033[?1000l\033[?1002l\033[?1003l\033[?1006l\033[?2004l";
  static const char first_screen[] = "\033[?1049l";
  if (!is_terminal || !isatty(STDOUT_FILENO)) return;
  if (on_second_screen) write_all(STDOUT_FILENO, first_screen, sizeof first_screen - 1);
  write_all(STDOUT_FILENO, ordinary, sizeof ordinary - 1);
  if (!at_line_start && !on_second_screen) write_all(STDOUT_FILENO, "\r\n", 2);
}

static void note_screen(const unsigned char *bytes, size_t length) {
  static const char sequence[] = "\033[?1049";
  static size_t matched;
  for (size_t i = 0; i < length; i++) {
    if (matched == sizeof sequence - 1) {
      if (bytes[i] == 'h' || bytes[i] == 'l') on_second_screen = bytes[i] == 'h';
      matched = 0;
    } else if (bytes[i] == (unsigned char)sequence[matched]) {
      matched++;
    } else {
      matched = bytes[i] == (unsigned char)sequence[0] ? 1 : 0;
    }
  }
  if (length > 0) at_line_start = bytes[length - 1] == '\n';
}

/* --- the connection ------------------------------------------------------------------------------------------------------- */

static int connect_once(const char *path) {
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  if (strlen(path) >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  strcpy(address.sun_path, path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
  int reason = errno;
  close(fd);
  errno = reason;
  return -1;
}

static int connect_patiently(const char *path) {
  const struct timespec pause = { .tv_nsec = CONNECT_PAUSE_MSEC * 1000000L };
  for (int attempt = 0; attempt < CONNECT_TRIES && ending_signal == 0; attempt++) {
    int fd = connect_once(path);
    if (fd >= 0) return fd;
    nanosleep(&pause, NULL);
  }
  return -1;
}

static bool send_frame(int fd, enum frame_kind kind, const void *bytes, size_t length) {
  if (kind == FRAME_DATA && length == 0) return true;
  unsigned char frame[FRAME_HEADER_BYTES + FRAME_PAYLOAD_BYTES_MAX];
  frame_header(frame, kind, length);
  if (length > 0) memcpy(frame + FRAME_HEADER_BYTES, bytes, length);
  return write_all(fd, frame, FRAME_HEADER_BYTES + length);
}

static void send_size(int fd) {
  struct winsize size;
  if (!is_terminal || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0) return;
  unsigned char bytes[4] = { size.ws_row & 0xff, size.ws_row >> 8, size.ws_col & 0xff, size.ws_col >> 8 };
  send_frame(fd, FRAME_SIZE, bytes, sizeof bytes);
}

/* --- the keys that detach ------------------------------------------------------------------------------------------------- */

struct keys {
  const char *wanted;
  size_t matched;
  long long last_msec;
};

static long long now_msec(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The keys that were typed so far and led to nothing were meant for the unit. */
static void release_keys(struct keys *keys, int fd) {
  size_t held = keys->matched;
  keys->matched = 0;
  send_frame(fd, FRAME_DATA, keys->wanted, held);
}

/* How long poll may wait until held keys are to be released; -1 when there are none. */
static int keys_timeout(const struct keys *keys) {
  if (keys->matched == 0) return -1;
  long long left = keys->last_msec + KEYS_MSEC - now_msec();
  return left > 0 ? (int)left : 0;
}

/* Sends what was typed, but for the beginning of the keys, which is held back until it is known what comes of it. true: all of them were typed. */
static bool type_or_leave(struct keys *keys, int fd, const unsigned char *bytes, size_t length) {
  size_t all = strlen(keys->wanted);
  size_t sent = 0;
  for (size_t i = 0; i < length; i++) {
    if (all == 0 || bytes[i] != (unsigned char)keys->wanted[keys->matched]) {
      release_keys(keys, fd);
      if (all == 0 || bytes[i] != (unsigned char)keys->wanted[0]) continue;
    }
    send_frame(fd, FRAME_DATA, bytes + sent, i - sent);
    sent = i + 1;
    keys->last_msec = now_msec();
    if (++keys->matched == all) return true;
  }
  send_frame(fd, FRAME_DATA, bytes + sent, length - sent);
  return false;
}

/* --- carrying ------------------------------------------------------------------------------------------------------------- */

/* What came from the unit's side: an exit status, or -1 to go on. */
static int take_frame(const unsigned char *frame) {
  const unsigned char *payload = frame + FRAME_HEADER_BYTES;
  size_t length = frame_length(frame);
  switch (frame[0]) {
    case FRAME_DATA:
      note_screen(payload, length);
      return write_all(STDOUT_FILENO, payload, length) ? -1 : EXIT_DETACHED;
    case FRAME_OVER: return EXIT_OVER;
    case FRAME_SLOW: return EXIT_SLOW;
    default: return -1;
  }
}

static int carry(const char *path, int fd, const char *detach_keys, bool leaves) {
  /* From a pipe come bytes and no keys. */
  struct keys keys = { .wanted = is_terminal ? detach_keys : "" };
  unsigned char frame[FRAME_HEADER_BYTES + FRAME_PAYLOAD_BYTES_MAX];
  size_t frame_bytes = 0;
  bool reads_input = true;
  for (;;) {
    if (ending_signal != 0) return 128 + ending_signal;
    if (was_stopped) make_raw();
    was_stopped = 0;
    if (size_changed) send_size(fd);
    size_changed = 0;
    struct pollfd sources[2] = { { .fd = fd, .events = POLLIN }, { .fd = reads_input ? STDIN_FILENO : -1, .events = POLLIN } };
    int ready = poll(sources, 2, keys_timeout(&keys));
    if (ready < 0) continue;
    if (ready == 0) release_keys(&keys, fd);
    if (sources[0].revents != 0) {
      size_t wanted = frame_bytes < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : FRAME_HEADER_BYTES + frame_length(frame);
      ssize_t count = wanted > sizeof frame ? 0 : read(fd, frame + frame_bytes, wanted - frame_bytes);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        close(fd);
        fd = connect_patiently(path);
        if (fd < 0) return ending_signal != 0 ? 128 + ending_signal : EXIT_LOST;
        frame_bytes = 0;
        size_changed = 1;
        continue;
      }
      frame_bytes += (size_t)count;
      if (frame_bytes < FRAME_HEADER_BYTES || frame_bytes < FRAME_HEADER_BYTES + frame_length(frame)) continue;
      int outcome = take_frame(frame);
      if (outcome >= 0) return outcome;
      frame_bytes = 0;
    }
    if (sources[1].revents != 0) {
      unsigned char bytes[FRAME_PAYLOAD_BYTES_MAX];
      ssize_t count = read(STDIN_FILENO, bytes, sizeof bytes);
      if (count < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (count <= 0) {
        /* A terminal that is gone, or all that there was to say. */
        if (is_terminal || leaves) return EXIT_DETACHED;
        reads_input = false;
        send_frame(fd, FRAME_END, NULL, 0);
        continue;
      }
      /* A connection that is gone shows when it is read from. */
      if (type_or_leave(&keys, fd, bytes, (size_t)count)) return EXIT_DETACHED;
    }
  }
}

static void carry_and_exit(const char *path, const char *detach_keys, bool leaves, pid_t guard) {
  static const int ending[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM };
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  signal(SIGPIPE, SIG_IGN);
  struct sigaction action = { .sa_handler = on_signal };
  for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) sigaction(ending[i], &action, NULL);
  sigaction(SIGWINCH, &action, NULL);
  sigaction(SIGCONT, &action, NULL);
  if (getppid() != guard) exit(EXIT_LOST);
  int fd = connect_once(path);
  if (fd < 0) exit(EXIT_NOBODY);
  make_raw();
  int status = carry(path, fd, detach_keys, leaves);
  leave_screen();
  put_back();
  exit(status);
}

int join_terminal(const char *socket_path, const char *detach_keys, bool leaves) {
  is_terminal = isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &before) == 0;
  pid_t guard = getpid();
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  pid_t carrier = fork();
  if (carrier < 0) return EXIT_LOST;
  if (carrier == 0) carry_and_exit(socket_path, detach_keys, leaves, guard);
  /* The keys of the terminal are the carrier's affair; what ends this process ends it by its parent-death signal. */
  signal(SIGINT, SIG_IGN);
  signal(SIGQUIT, SIG_IGN);
  int status;
  while (waitpid(carrier, &status, 0) < 0 && errno == EINTR) continue;
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  put_back();
  return 128 + WTERMSIG(status);
}
