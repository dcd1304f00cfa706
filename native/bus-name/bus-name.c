/*
 * heartwood-bus-name: whether a name on D-Bus has an owner, for services of Type=dbus.
 *
 *     heartwood-bus-name [--session] await NAME     ends when the name has an owner
 *     heartwood-bus-name [--session] lose NAME      ends when it has none any more
 *
 * The system's bus is at $DBUS_SYSTEM_BUS_ADDRESS, else /run/dbus/system_bus_socket; the session's at $DBUS_SESSION_BUS_ADDRESS, else
 * $XDG_RUNTIME_DIR/bus. The program does nothing but wait in between; who has waited long enough ends it.
 *
 * Exit status: 0 it is so; 1 the bus does not answer, or went away (the reason is on standard error); 2 wrong usage.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bus-name/message.h"

#define SYSTEM_BUS "/run/dbus/system_bus_socket"

enum { EXIT_NO_BUS = 1, EXIT_USAGE = 2 };

/* Calls are numbered in the order in which they are made. */
enum serial { SERIAL_HELLO = 1, SERIAL_MATCH = 2, SERIAL_OWNER = 3 };

static _Noreturn void die(const char *what, const char *why) {
  fprintf(stderr, "heartwood-bus-name: %s: %s\n", what, why);
  exit(EXIT_NO_BUS);
}

/* The value of `key=` in an address such as `unix:path=/run/bus,guid=1`, with %XX decoded; false when it has none. */
static bool address_value(const char *address, const char *key, char *value, size_t size) {
  const char *at = strchr(address, ':');
  if (at == NULL || strncmp(address, "unix:", 5) != 0) return false;
  size_t length = strlen(key);
  for (at++; strncmp(at, key, length) != 0 || at[length] != '='; at++) {
    at += strcspn(at, ",;");
    if (*at != ',') return false;
  }
  at += length + 1;
  size_t used = 0;
  while (*at != '\0' && *at != ',' && *at != ';' && used + 1 < size) {
    unsigned int byte;
    if (*at == '%' && sscanf(at + 1, "%2x", &byte) == 1) {
      value[used++] = (char)byte;
      at += 3;
    } else {
      value[used++] = *at++;
    }
  }
  value[used] = '\0';
  return used > 0;
}

/* Fills the address of the bus's socket; returns its length. */
static socklen_t bus_address(bool session, struct sockaddr_un *address) {
  memset(address, 0, sizeof *address);
  address->sun_family = AF_UNIX;
  const char *given = getenv(session ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
  char *path = address->sun_path;
  size_t size = sizeof address->sun_path;
  if (given != NULL && *given != '\0') {
    if (address_value(given, "path", path, size)) return sizeof *address;
    if (!address_value(given, "abstract", path + 1, size - 1)) die("no address of a Unix socket", given);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(path + 1));
  }
  const char *runtime = getenv("XDG_RUNTIME_DIR");
  if (session && runtime == NULL) die("no session bus", "neither DBUS_SESSION_BUS_ADDRESS nor XDG_RUNTIME_DIR is set");
  snprintf(path, size, session ? "%s/bus" : SYSTEM_BUS, runtime);
  return sizeof *address;
}

static int connect_bus(bool session) {
  struct sockaddr_un address;
  socklen_t length = bus_address(session, &address);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, length) != 0) die(address.sun_path[0] == '\0' ? address.sun_path + 1 : address.sun_path, strerror(errno));
  return fd;
}

static void send_all(int fd, const void *bytes, size_t length) {
  for (size_t sent = 0; sent < length;) {
    ssize_t n = send(fd, (const char *)bytes + sent, length - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) die("the bus went away", strerror(errno));
    sent += (size_t)n;
  }
}

static void receive_all(int fd, void *bytes, size_t length) {
  for (size_t got = 0; got < length;) {
    ssize_t n = recv(fd, (char *)bytes + got, length - got, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) die("the bus went away", n == 0 ? "end of file" : strerror(errno));
    got += (size_t)n;
  }
}

/* EXTERNAL: the kernel tells the bus who this is, and the name given has to be the same. */
static void authenticate(int fd) {
  char uid[16], line[128];
  snprintf(uid, sizeof uid, "%u", (unsigned int)geteuid());
  size_t used = 1 + (size_t)snprintf(line + 1, sizeof line - 1, "AUTH EXTERNAL ");
  line[0] = '\0';
  for (const char *digit = uid; *digit != '\0'; digit++) used += (size_t)snprintf(line + used, sizeof line - used, "%02x", (unsigned char)*digit);
  used += (size_t)snprintf(line + used, sizeof line - used, "\r\n");
  send_all(fd, line, used);
  size_t got = 0;
  while (got < 2 || line[got - 1] != '\n') {
    if (got + 1 == sizeof line) die("the bus does not let us in", "a line without end");
    receive_all(fd, line + got++, 1);
  }
  line[got - 2] = '\0';
  if (strncmp(line, "OK ", 3) != 0) die("the bus does not let us in", line);
  send_all(fd, "BEGIN\r\n", 7);
}

static void call(int fd, enum serial serial, const char *member, const char *argument) {
  uint8_t bytes[MESSAGE_BYTES_MAX];
  send_all(fd, bytes, message_call(bytes, serial, member, argument));
}

static void receive(int fd, struct message *message) {
  uint8_t bytes[MESSAGE_BYTES_MAX];
  receive_all(fd, bytes, MESSAGE_HEAD_BYTES);
  size_t length = message_length(bytes);
  if (length < MESSAGE_HEAD_BYTES) die("the bus sent", "what is no message of this machine, or too long");
  receive_all(fd, bytes + MESSAGE_HEAD_BYTES, length - MESSAGE_HEAD_BYTES);
  if (!message_read(bytes, length, message)) die("the bus sent", "a message that is damaged");
}

/* Ends when the name has an owner, or none, as wanted. The bus tells of each change from before the question who has it now. */
static void await_owner(int fd, const char *name, bool wanted) {
  char rule[512];
  snprintf(rule, sizeof rule, "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s'", name);
  call(fd, SERIAL_HELLO, "Hello", NULL);
  call(fd, SERIAL_MATCH, "AddMatch", rule);
  call(fd, SERIAL_OWNER, "GetNameOwner", name);
  struct message message;
  for (;;) {
    receive(fd, &message);
    bool has_owner;
    if (message.type == MESSAGE_SIGNAL) {
      if (strcmp(message.member, "NameOwnerChanged") != 0 || message.string_count < 3 || strcmp(message.strings[0], name) != 0) continue;
      has_owner = message.strings[2][0] != '\0';
    } else if (message.reply_serial == SERIAL_OWNER) {
      has_owner = message.type == MESSAGE_REPLY;
    } else {
      if (message.type == MESSAGE_ERROR) die("the bus refused", message.string_count > 0 ? message.strings[0] : "without a reason");
      continue;
    }
    if (has_owner == wanted) return;
  }
}

int main(int argc, char **argv) {
  bool session = argc > 1 && strcmp(argv[1], "--session") == 0;
  char **words = argv + (session ? 2 : 1);
  int count = argc - (session ? 2 : 1);
  bool awaits = count == 2 && strcmp(words[0], "await") == 0;
  /* A quote would end the rule for matches; no name of the bus has one. */
  if (count != 2 || (!awaits && strcmp(words[0], "lose") != 0) || strlen(words[1]) > 255 || strpbrk(words[1], "'\\") != NULL) {
    fprintf(stderr, "usage: heartwood-bus-name [--session] await|lose NAME\n");
    return EXIT_USAGE;
  }
  int fd = connect_bus(session);
  authenticate(fd);
  await_owner(fd, words[1], awaits);
  return 0;
}
