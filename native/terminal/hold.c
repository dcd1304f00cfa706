/*
 * heartwood-terminal hold DIRECTORY: keeps the pseudo terminal of a unit, and lets clients join it.
 *
 * It is a unit of its own, heartwood-terminal@UNIT.service, that Terminal=yes makes the unit need. So neither a restart of the unit, nor
 * the manager's death or re-execution, nor the going of a client ends the session. The main side of the terminal is stored with the
 * manager too (FDSTORE=1): when this process dies, the next one goes on with it.
 *
 *     DIRECTORY/tty     link to the terminal, the unit's TTYPath=
 *     DIRECTORY/socket  where clients join
 *
 * All of what the unit prints goes to every client, and what a client types goes to the unit. The terminal is as large as the smallest
 * of the clients' own. Without clients the output is read and dropped, but for the last 64 KiB, which who joins is shown first.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "terminal/frame.h"

enum {
  /* People who look at one terminal; each costs memory. */
  CLIENTS_MAX = 16,
  /* A screen or two of a large terminal, colours included. */
  HISTORY_BYTES = 64 * 1024,
  /* What may wait for a client whose connection is slow. */
  WAITING_BYTES_MAX = 1024 * 1024,
  /* What was typed and the unit does not read; a paste of more waits in the client. */
  TYPED_BYTES_MAX = 64 * 1024,
  /* The kernel hands on what was written by a worker of its own: so long nothing more must come before all is thought to be here. */
  SETTLE_MSEC = 50,
  /* At the end: how long clients may take to read what is left. */
  FAREWELL_MSEC = 2000,
  /* Who runs a command joins at once, but the command may have ended by then: so young a terminal waits for its first client, so long. */
  YOUNG_MSEC = 5000,
  FIRST_CLIENT_MSEC = 3000,
  /* sd_listen_fds(3). */
  LISTEN_FD = 3,
};

struct client {
  int fd;
  bool has_size;
  struct winsize size;
  /* A frame that has not come whole. */
  unsigned char frame[FRAME_HEADER_BYTES + FRAME_PAYLOAD_BYTES_MAX];
  size_t frame_bytes;
  /* What it has still to be sent. */
  unsigned char *waiting;
  size_t waiting_bytes;
  size_t waiting_room;
  /* It reads no more; what it wrote before it went is still to be typed. */
  bool is_deaf;
  /* Closed when it was sent all. */
  bool is_leaving;
};

static struct client clients[CLIENTS_MAX];
static int client_count;
static int terminal;
static unsigned char history[HISTORY_BYTES];
static size_t history_bytes;
/* The oldest bytes were dropped. */
static bool history_is_cut;
static unsigned char typed[TYPED_BYTES_MAX];
static size_t typed_bytes;
static bool typed_ends_line = true;
static bool anybody_joined;

static int fail(const char *what) {
  fprintf(stderr, "heartwood-terminal: %s: %s\n", what, strerror(errno));
  return 1;
}

static long long now_msec(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- the manager --------------------------------------------------------------------------------------------------------- */

/* Tells the manager; with `fd` not -1, hands that over as well. Without a manager there is nobody to tell. */
static void notify(const char *text, int fd) {
  const char *name = getenv("NOTIFY_SOCKET");
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  if (name == NULL || strlen(name) < 2 || strlen(name) >= sizeof address.sun_path) return;
  memcpy(address.sun_path, name, strlen(name));
  if (name[0] == '@') address.sun_path[0] = '\0';
  int out = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (out < 0) return;
  union {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
  } control = { 0 };
  struct iovec data = { .iov_base = (void *)text, .iov_len = strlen(text) };
  struct msghdr message = {
    .msg_name = &address, .msg_iov = &data, .msg_iovlen = 1,
    .msg_namelen = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name) + (name[0] == '/' ? 1 : 0)),
  };
  if (fd >= 0) {
    message.msg_control = control.space;
    message.msg_controllen = sizeof control.space;
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(rights), &fd, sizeof(int));
  }
  if (sendmsg(out, &message, MSG_NOSIGNAL) < 0) fail("the manager's socket");
  close(out);
}

/* --- the terminal -------------------------------------------------------------------------------------------------------- */

/* The one that the process before this one kept, or a new one; -1 with errno when there can be none. */
static int get_terminal(void) {
  const char *count = getenv("LISTEN_FDS");
  if (count != NULL && strcmp(count, "1") == 0) {
    fcntl(LISTEN_FD, F_SETFD, FD_CLOEXEC);
    return LISTEN_FD;
  }
  int fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
  int unlocked = 0;
  if (fd < 0 || ioctl(fd, TIOCSPTLCK, &unlocked) < 0) return -1;
  struct winsize usual = { .ws_row = 24, .ws_col = 80 };
  ioctl(fd, TIOCSWINSZ, &usual);
  /* It is worth keeping while no process of the unit has it open, too. */
  notify("FDSTORE=1\nFDNAME=terminal\nFDPOLL=0", fd);
  return fd;
}

/* Makes the link in one step: the unit may be about to open it. */
static bool link_terminal(const char *directory, char *path, size_t size) {
  unsigned number;
  char fresh[PATH_MAX];
  char link_path[PATH_MAX];
  if (ioctl(terminal, TIOCGPTN, &number) < 0) return false;
  snprintf(path, size, "/dev/pts/%u", number);
  snprintf(fresh, sizeof fresh, "%s/tty.new", directory);
  snprintf(link_path, sizeof link_path, "%s/tty", directory);
  unlink(fresh);
  return symlink(path, fresh) == 0 && rename(fresh, link_path) == 0;
}

static void set_size(bool is_new_client) {
  struct winsize wanted = { 0 };
  for (int i = 0; i < client_count; i++) {
    if (!clients[i].has_size) continue;
    const struct winsize *size = &clients[i].size;
    if (wanted.ws_row == 0 || size->ws_row < wanted.ws_row) wanted.ws_row = size->ws_row;
    if (wanted.ws_col == 0 || size->ws_col < wanted.ws_col) wanted.ws_col = size->ws_col;
  }
  /* Nobody with a terminal is left: it stays as it was. */
  if (wanted.ws_row == 0 || wanted.ws_col == 0) return;
  struct winsize now = { 0 };
  ioctl(terminal, TIOCGWINSZ, &now);
  struct termios settings;
  bool is_drawn = tcgetattr(terminal, &settings) == 0 && (settings.c_lflag & ICANON) == 0;
  if (is_new_client && is_drawn && now.ws_row == wanted.ws_row && now.ws_col == wanted.ws_col) {
    /* A program that draws the whole screen does so again when the size changes, and only then. */
    struct winsize other = wanted;
    other.ws_row += 1;
    ioctl(terminal, TIOCSWINSZ, &other);
  }
  ioctl(terminal, TIOCSWINSZ, &wanted);
}

/* --- clients ------------------------------------------------------------------------------------------------------------- */

static void drop(int index) {
  close(clients[index].fd);
  free(clients[index].waiting);
  clients[index] = clients[--client_count];
  memset(&clients[client_count], 0, sizeof clients[client_count]);
  set_size(false);
}

static bool has_room(const struct client *client) { return client->waiting_bytes + FRAME_HEADER_BYTES + FRAME_PAYLOAD_BYTES_MAX <= WAITING_BYTES_MAX; }

static bool queue(struct client *client, enum frame_kind kind, const unsigned char *bytes, size_t length) {
  if (client->is_deaf) return true;
  size_t needed = client->waiting_bytes + FRAME_HEADER_BYTES + length;
  if (needed > client->waiting_room) {
    size_t room = needed * 2;
    unsigned char *larger = realloc(client->waiting, room);
    if (larger == NULL) return false;
    client->waiting = larger;
    client->waiting_room = room;
  }
  frame_header(client->waiting + client->waiting_bytes, kind, length);
  if (length > 0) memcpy(client->waiting + client->waiting_bytes + FRAME_HEADER_BYTES, bytes, length);
  client->waiting_bytes = needed;
  return true;
}

/* Sends what the client takes. false: it is done with. */
static bool flush(struct client *client) {
  size_t sent = 0;
  while (sent < client->waiting_bytes) {
    ssize_t count = send(client->fd, client->waiting + sent, client->waiting_bytes - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno != EAGAIN) {
      client->is_deaf = true;
      sent = client->waiting_bytes;
    }
    if (count < 0) break;
    sent += (size_t)count;
  }
  client->waiting_bytes -= sent;
  if (sent > 0) memmove(client->waiting, client->waiting + sent, client->waiting_bytes);
  return !client->is_leaving || client->waiting_bytes > 0;
}

static void flush_all(void) {
  for (int i = client_count - 1; i >= 0; i--) {
    if (!flush(&clients[i])) drop(i);
  }
}

static void tell_all(const unsigned char *bytes, size_t length) {
  for (int i = client_count - 1; i >= 0; i--) {
    if (clients[i].is_leaving) continue;
    if (has_room(&clients[i])) {
      if (!queue(&clients[i], FRAME_DATA, bytes, length)) drop(i);
    } else {
      /* Somebody else keeps up: who does not is let go, and may join again. */
      clients[i].is_leaving = true;
      queue(&clients[i], FRAME_SLOW, NULL, 0);
    }
  }
}

static void remember(const unsigned char *bytes, size_t length) {
  if (history_bytes + length > HISTORY_BYTES) {
    size_t excess = history_bytes + length - HISTORY_BYTES;
    memmove(history, history + excess, history_bytes - excess);
    history_bytes -= excess;
    history_is_cut = true;
  }
  memcpy(history + history_bytes, bytes, length);
  history_bytes += length;
}

static void show_history(struct client *client) {
  size_t at = 0;
  if (history_is_cut) {
    /* Not from the middle of a line, where a control sequence might be torn. */
    unsigned char *newline = memchr(history, '\n', history_bytes);
    if (newline != NULL) at = (size_t)(newline + 1 - history);
  }
  while (at < history_bytes) {
    size_t length = history_bytes - at < FRAME_PAYLOAD_BYTES_MAX ? history_bytes - at : FRAME_PAYLOAD_BYTES_MAX;
    queue(client, FRAME_DATA, history + at, length);
    at += length;
  }
}

static void accept_client(int listener) {
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return;
  if (client_count == CLIENTS_MAX) {
    close(fd);
    return;
  }
  struct client *client = &clients[client_count++];
  memset(client, 0, sizeof *client);
  client->fd = fd;
  anybody_joined = true;
  show_history(client);
}

static void type_bytes(const unsigned char *bytes, size_t length) {
  if (length == 0 || typed_bytes + length > TYPED_BYTES_MAX) return;
  memcpy(typed + typed_bytes, bytes, length);
  typed_bytes += length;
  typed_ends_line = bytes[length - 1] == '\n' || bytes[length - 1] == '\r';
}

/* The client's input was no terminal and is at its end: what a person would type to say so. */
static void type_end(void) {
  struct termios settings;
  if (tcgetattr(terminal, &settings) < 0 || (settings.c_lflag & ICANON) == 0) return;
  unsigned char end = settings.c_cc[VEOF];
  /* Behind an unfinished line the first one only hands that over. */
  if (!typed_ends_line) type_bytes(&end, 1);
  type_bytes(&end, 1);
  typed_ends_line = true;
}

static void on_frame(struct client *client) {
  const unsigned char *payload = client->frame + FRAME_HEADER_BYTES;
  size_t length = frame_length(client->frame);
  switch (client->frame[0]) {
    case FRAME_DATA:
      type_bytes(payload, length);
      break;
    case FRAME_END:
      type_end();
      break;
    case FRAME_SIZE: {
      if (length < 4) break;
      bool is_new = !client->has_size;
      client->size.ws_row = (unsigned short)(payload[0] | payload[1] << 8);
      client->size.ws_col = (unsigned short)(payload[2] | payload[3] << 8);
      client->has_size = client->size.ws_row > 0 && client->size.ws_col > 0;
      set_size(is_new);
      break;
    }
    default:
      break;
  }
}

/* false: the client is gone, or talks nonsense. */
static bool read_client(struct client *client) {
  for (;;) {
    size_t wanted = client->frame_bytes < FRAME_HEADER_BYTES ? FRAME_HEADER_BYTES : FRAME_HEADER_BYTES + frame_length(client->frame);
    if (wanted > sizeof client->frame) return false;
    if (client->frame_bytes >= FRAME_HEADER_BYTES && client->frame_bytes == wanted) {
      on_frame(client);
      client->frame_bytes = 0;
      /* The rest when the unit has read some. */
      if (typed_bytes + FRAME_PAYLOAD_BYTES_MAX > TYPED_BYTES_MAX) return true;
      continue;
    }
    ssize_t count = recv(client->fd, client->frame + client->frame_bytes, wanted - client->frame_bytes, MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno == EAGAIN;
    if (count == 0) return false;
    client->frame_bytes += (size_t)count;
  }
}

/* Some of what the unit printed. false: there is no more now. */
static bool read_terminal(void) {
  unsigned char bytes[FRAME_PAYLOAD_BYTES_MAX];
  ssize_t count = read(terminal, bytes, sizeof bytes);
  if (count <= 0) return false;
  remember(bytes, (size_t)count);
  tell_all(bytes, (size_t)count);
  return true;
}

static void write_terminal(void) {
  ssize_t count = write(terminal, typed, typed_bytes);
  if (count <= 0) return;
  typed_bytes -= (size_t)count;
  memmove(typed, typed + count, typed_bytes);
}

/* --- the whole ----------------------------------------------------------------------------------------------------------- */

static int listen_at(const char *directory) {
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  if (snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", directory) >= (int)sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    return -1;
  }
  unlink(address.sun_path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return -1;
  mode_t before = umask(0177);
  bool bound = bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, CLIENTS_MAX) == 0;
  umask(before);
  return bound ? fd : -1;
}

/* One round: waits, then moves what can be moved. `listener` -1: nobody joins any more. false: it is time to end. */
static bool serve(int listener, int signals, int timeout_msec) {
  struct pollfd sources[3 + CLIENTS_MAX];
  bool somebody_has_room = client_count == 0;
  for (int i = 0; i < client_count; i++) somebody_has_room |= has_room(&clients[i]);
  bool may_type = typed_bytes + FRAME_PAYLOAD_BYTES_MAX <= TYPED_BYTES_MAX;
  sources[0] = (struct pollfd){ .fd = signals, .events = POLLIN };
  sources[1] = (struct pollfd){ .fd = listener, .events = POLLIN };
  /* When no client keeps up, the unit waits, as it would for any terminal. */
  sources[2] = (struct pollfd){ .fd = terminal, .events = (short)((somebody_has_room ? POLLIN : 0) | (typed_bytes > 0 ? POLLOUT : 0)) };
  int polled = client_count;
  for (int i = 0; i < polled; i++) {
    short events = (short)((may_type ? POLLIN : 0) | (clients[i].waiting_bytes > 0 ? POLLOUT : 0));
    /* Not even asked for a hang-up while nothing more can be typed: what it sent before is still to be read. */
    sources[3 + i] = (struct pollfd){ .fd = events != 0 ? clients[i].fd : -1, .events = events };
  }
  if (poll(sources, (nfds_t)(3 + polled), timeout_msec) < 0 && errno != EINTR) return false;
  if (sources[2].revents & POLLIN) read_terminal();
  if (sources[2].revents & POLLOUT) write_terminal();
  /* Backwards: who is dropped is replaced by the last one, which was looked at already. */
  for (int i = polled - 1; i >= 0; i--) {
    /* read_terminal may have dropped some: the fds tell who is meant. */
    if (i >= client_count || clients[i].fd != sources[3 + i].fd) continue;
    if (may_type && (sources[3 + i].revents & (POLLIN | POLLHUP | POLLERR)) && !read_client(&clients[i])) drop(i);
  }
  if (sources[1].revents & POLLIN) accept_client(listener);
  flush_all();
  return (sources[0].revents & POLLIN) == 0;
}

/* All that the unit printed reaches the clients, and they hear that it is over. */
static void say_farewell(int listener, long long begun_msec) {
  long long due = now_msec() + FIRST_CLIENT_MSEC;
  bool is_young = now_msec() - begun_msec < YOUNG_MSEC;
  for (;;) {
    struct pollfd more = { .fd = terminal, .events = POLLIN };
    if (poll(&more, 1, SETTLE_MSEC) <= 0 || !read_terminal()) break;
  }
  while (!anybody_joined && is_young && history_bytes > 0 && now_msec() < due) serve(listener, -1, SETTLE_MSEC);
  for (int i = 0; i < client_count; i++) {
    queue(&clients[i], FRAME_OVER, NULL, 0);
    clients[i].is_leaving = true;
  }
  due = now_msec() + FAREWELL_MSEC;
  flush_all();
  while (client_count > 0 && now_msec() < due) serve(-1, -1, SETTLE_MSEC);
}

int hold_terminal(const char *directory) {
  long long begun_msec = now_msec();
  char path[64];
  sigset_t ending;
  sigemptyset(&ending);
  sigaddset(&ending, SIGTERM);
  sigaddset(&ending, SIGINT);
  sigprocmask(SIG_BLOCK, &ending, NULL);
  int signals = signalfd(-1, &ending, SFD_CLOEXEC);
  terminal = get_terminal();
  if (terminal < 0) return fail("/dev/ptmx");
  fcntl(terminal, F_SETFL, O_RDWR | O_NONBLOCK);
  if (!link_terminal(directory, path, sizeof path)) return fail(directory);
  /* Held open: without it the terminal would count as hung up whenever the unit has no process. */
  int other_side = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (other_side < 0) return fail(path);
  int listener = listen_at(directory);
  if (listener < 0) return fail(directory);
  notify("READY=1", -1);
  while (serve(listener, signals, -1)) continue;
  say_farewell(listener, begun_msec);
  return 0;
}
