#include "stage0/rescue-control.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "initctl/json.h"

enum {
  /* As much as a command line may have, nearly; who sends more is hung up on. */
  LINE_BYTES_MAX = 64 * 1024,
  ANSWER_BYTES_MAX = 4096,
  PROTOCOL = 1,
  /* src/control/error-codes.ts */
  ERROR_IN_RESCUE = 34,
  ERROR_ACCESS_DENIED = 20,
};

struct client {
  int fd;
  size_t held;
  char *line;
};

static int listener = -1;
static const char *reason;
static struct client clients[RESCUE_CLIENTS_MAX];

static const struct {
  const char *verb;
  enum wish wish;
} VERBS[] = {
  { "daemon-reexec", WISH_START }, { "poweroff", WISH_POWEROFF }, { "reboot", WISH_REBOOT }, { "kexec", WISH_REBOOT }, { "halt", WISH_HALT }, { "exit", WISH_EXIT },
};

void control_open(int fd, const char *why) {
  listener = fd;
  reason = why;
  for (size_t i = 0; i < RESCUE_CLIENTS_MAX; i++) clients[i].fd = -1;
}

static void hang_up(struct client *client) {
  close(client->fd);
  free(client->line);
  *client = (struct client){ .fd = -1 };
}

static void accept_one(void) {
  for (size_t i = 0; i < RESCUE_CLIENTS_MAX; i++) {
    if (clients[i].fd >= 0) continue;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    clients[i] = (struct client){ .fd = fd, .line = malloc(LINE_BYTES_MAX) };
    if (clients[i].line == NULL) hang_up(&clients[i]);
    return;
  }
}

static void send_text(const struct client *client, const char *text) {
  /* Short answers to a socket that nothing was written to yet: they fit, or the client is no loss. */
  if (send(client->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) return;
}

static bool may_wish(const struct client *client) {
  struct ucred peer;
  socklen_t size = sizeof peer;
  return getsockopt(client->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == 0 || peer.uid == getuid());
}

static bool is_text(struct json value, const char *text) {
  return json_present(value) && (size_t)(value.end - value.begin) == strlen(text) + 2 && memcmp(value.begin + 1, text, strlen(text)) == 0;
}

static enum wish wish_of(struct json word) {
  for (size_t i = 0; i < sizeof VERBS / sizeof *VERBS; i++) {
    if (is_text(word, VERBS[i].verb)) return VERBS[i].wish;
  }
  return WISH_NOTHING;
}

static void answer(const struct client *client, long id, const char *result) {
  char text[ANSWER_BYTES_MAX];
  snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"result\":%s}\n", id, result);
  send_text(client, text);
}

static void refuse(const struct client *client, long id, int code, const char *message) {
  char quoted[ANSWER_BYTES_MAX / 2];
  char text[ANSWER_BYTES_MAX];
  quoted[json_quote(message, quoted)] = '\0';
  snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%ld,\"error\":{\"code\":%d,\"message\":%s}}\n", id, code, quoted);
  send_text(client, text);
}

static void explain(char *into, size_t size) {
  snprintf(into, size,
           "the rescue program is in the manager's place, and services run on unattended: %.200s. "
           "\"initctl daemon-reexec\" starts the manager again; poweroff, reboot, halt and exit work as ever.",
           reason);
}

static void print(const struct client *client, int stream, const char *text) {
  char quoted[ANSWER_BYTES_MAX / 2];
  char line[ANSWER_BYTES_MAX];
  quoted[json_quote(text, quoted)] = '\0';
  snprintf(line, sizeof line, "{\"jsonrpc\":\"2.0\",\"method\":\"output\",\"params\":{\"stream\":%d,\"text\":%s}}\n", stream, quoted);
  send_text(client, line);
}

/* A command line of initctl: its first word that is no option. */
static enum wish on_command_line(const struct client *client, long id, struct json argv) {
  char text[512];
  struct json word = { NULL, NULL };
  while (json_next(argv, &word)) {
    if (word.end - word.begin < 2 || word.begin[0] != '"' || word.begin[1] == '-') continue;
    enum wish wish = wish_of(word);
    if (wish == WISH_NOTHING) break;
    if (may_wish(client)) {
      answer(client, id, "{\"exit\":0}");
      return wish;
    }
    print(client, 2, "initctl: only root may do that\n");
    answer(client, id, "{\"exit\":1}");
    return WISH_NOTHING;
  }
  if (is_text(word, "is-system-running")) {
    print(client, 1, "maintenance\n");
  } else {
    explain(text, sizeof text - 1);
    char line[600];
    snprintf(line, sizeof line, "initctl: %s\n", text);
    print(client, 2, line);
  }
  answer(client, id, "{\"exit\":1}");
  return WISH_NOTHING;
}

static enum wish on_line(const struct client *client, struct json whole) {
  struct json method = json_find(whole, "method");
  struct json params = json_find(whole, "params");
  long id = json_number(json_find(whole, "id"), -1);
  if (id < 0) return WISH_NOTHING;
  if (is_text(method, "hello")) {
    char text[128];
    snprintf(text, sizeof text, "{\"protocol\":%d,\"version\":\"rescue\"}", PROTOCOL);
    answer(client, id, text);
    return WISH_NOTHING;
  }
  if (is_text(method, "cli")) return on_command_line(client, id, json_find(params, "argv"));
  enum wish wish = is_text(method, "shutdown") ? wish_of(json_find(params, "goal")) : wish_of(method);
  if (wish == WISH_NOTHING) {
    char text[512];
    explain(text, sizeof text);
    refuse(client, id, ERROR_IN_RESCUE, text);
  } else if (!may_wish(client)) {
    refuse(client, id, ERROR_ACCESS_DENIED, "only root may do that");
    return WISH_NOTHING;
  } else {
    answer(client, id, "{}");
  }
  return wish;
}

static enum wish serve_client(struct client *client) {
  ssize_t count = recv(client->fd, client->line + client->held, LINE_BYTES_MAX - client->held, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return WISH_NOTHING;
  if (count <= 0) {
    hang_up(client);
    return WISH_NOTHING;
  }
  client->held += (size_t)count;
  enum wish wish = WISH_NOTHING;
  char *begin = client->line;
  char *newline;
  while (wish == WISH_NOTHING && (newline = memchr(begin, '\n', client->held - (size_t)(begin - client->line))) != NULL) {
    wish = on_line(client, (struct json){ begin, newline });
    begin = newline + 1;
  }
  client->held -= (size_t)(begin - client->line);
  memmove(client->line, begin, client->held);
  if (client->held == LINE_BYTES_MAX || wish != WISH_NOTHING) hang_up(client);
  return wish;
}

size_t control_polled(struct pollfd *into) {
  if (listener < 0) return 0;
  size_t count = 0;
  bool has_room = false;
  for (size_t i = 0; i < RESCUE_CLIENTS_MAX; i++) {
    if (clients[i].fd >= 0) into[count++] = (struct pollfd){ .fd = clients[i].fd, .events = POLLIN };
    else has_room = true;
  }
  if (has_room) into[count++] = (struct pollfd){ .fd = listener, .events = POLLIN };
  return count;
}

enum wish control_serve(const struct pollfd *polled, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (polled[i].revents == 0) continue;
    if (polled[i].fd == listener) {
      accept_one();
      continue;
    }
    for (size_t j = 0; j < RESCUE_CLIENTS_MAX; j++) {
      if (clients[j].fd != polled[i].fd) continue;
      enum wish wish = serve_client(&clients[j]);
      if (wish != WISH_NOTHING) return wish;
      break;
    }
  }
  return WISH_NOTHING;
}
