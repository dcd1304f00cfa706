/* The little of the D-Bus wire format that four calls and a signal need. Source: the D-Bus specification, "Message Protocol". */
#ifndef HEARTWOOD_BUS_NAME_MESSAGE_H
#define HEARTWOOD_BUS_NAME_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum message_type { MESSAGE_CALL = 1, MESSAGE_REPLY = 2, MESSAGE_ERROR = 3, MESSAGE_SIGNAL = 4 };

/* The fixed part of a header, up to and with the length of the header's fields. */
enum { MESSAGE_HEAD_BYTES = 16 };

/* What this program says is as long as a name and a rule for matches; the bus answers in no more. A longer message is a fault. */
enum { MESSAGE_BYTES_MAX = 8 * 1024 };

struct message {
  enum message_type type;
  uint32_t reply_serial; /* of the call that this answers; 0 = none */
  char member[256];      /* the signal's name; "" = none */
  char strings[3][256];  /* the first strings of the body, as many as there are */
  int string_count;
};

/* Writes a call of the bus itself with at most one string into `bytes` (MESSAGE_BYTES_MAX long); returns its length. */
size_t message_call(uint8_t *bytes, uint32_t serial, const char *member, const char *argument);

/* The length of the whole message that begins with these MESSAGE_HEAD_BYTES bytes; 0 = it is none, or too long. */
size_t message_length(const uint8_t *bytes);

/* Reads a whole message; false = it is none. */
bool message_read(const uint8_t *bytes, size_t length, struct message *message);

#endif
