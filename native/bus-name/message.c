#include "bus-name/message.h"

#include <stdio.h>
#include <string.h>

#define BUS_NAME "org.freedesktop.DBus"
#define BUS_PATH "/org/freedesktop/DBus"

enum field { FIELD_PATH = 1, FIELD_INTERFACE = 2, FIELD_MEMBER = 3, FIELD_REPLY_SERIAL = 5, FIELD_DESTINATION = 6, FIELD_SIGNATURE = 8 };

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
static const uint8_t OWN_ORDER = 'l';
#else
static const uint8_t OWN_ORDER = 'B';
#endif

struct writer { uint8_t *bytes; size_t used; };

static void align(struct writer *to, size_t boundary) {
  while (to->used % boundary != 0) to->bytes[to->used++] = 0;
}

static void put_number(struct writer *to, uint32_t number) {
  align(to, sizeof number);
  memcpy(to->bytes + to->used, &number, sizeof number);
  to->used += sizeof number;
}

static void put_string(struct writer *to, const char *text) {
  size_t length = strlen(text);
  put_number(to, (uint32_t)length);
  memcpy(to->bytes + to->used, text, length + 1);
  to->used += length + 1;
}

static void put_signature(struct writer *to, const char *signature) {
  size_t length = strlen(signature);
  to->bytes[to->used++] = (uint8_t)length;
  memcpy(to->bytes + to->used, signature, length + 1);
  to->used += length + 1;
}

static void put_field(struct writer *to, enum field field, const char *type, const char *text) {
  align(to, 8);
  to->bytes[to->used++] = (uint8_t)field;
  put_signature(to, type);
  if (*type == 'g') put_signature(to, text);
  else put_string(to, text);
}

size_t message_call(uint8_t *bytes, uint32_t serial, const char *member, const char *argument) {
  struct writer to = { bytes, 0 };
  const uint8_t head[4] = { OWN_ORDER, MESSAGE_CALL, 0, 1 };
  memcpy(bytes, head, sizeof head);
  to.used = sizeof head;
  put_number(&to, argument == NULL ? 0 : (uint32_t)(sizeof(uint32_t) + strlen(argument) + 1));
  put_number(&to, serial);
  put_number(&to, 0);
  size_t start = to.used;
  put_field(&to, FIELD_PATH, "o", BUS_PATH);
  put_field(&to, FIELD_INTERFACE, "s", BUS_NAME);
  put_field(&to, FIELD_MEMBER, "s", member);
  put_field(&to, FIELD_DESTINATION, "s", BUS_NAME);
  if (argument != NULL) put_field(&to, FIELD_SIGNATURE, "g", "s");
  uint32_t fields = (uint32_t)(to.used - start);
  memcpy(bytes + start - sizeof fields, &fields, sizeof fields);
  align(&to, 8);
  if (argument != NULL) put_string(&to, argument);
  return to.used;
}

static uint32_t number_at(const uint8_t *bytes, size_t offset) {
  uint32_t number;
  memcpy(&number, bytes + offset, sizeof number);
  return number;
}

static size_t padded(size_t length, size_t boundary) { return (length + boundary - 1) / boundary * boundary; }

size_t message_length(const uint8_t *bytes) {
  /* Both ends are on one machine. */
  if (bytes[0] != OWN_ORDER || bytes[3] != 1) return 0;
  uint32_t body = number_at(bytes, 4), fields = number_at(bytes, 12);
  if (body > MESSAGE_BYTES_MAX || fields > MESSAGE_BYTES_MAX) return 0;
  size_t length = padded(MESSAGE_HEAD_BYTES + fields, 8) + body;
  return length > MESSAGE_BYTES_MAX ? 0 : length;
}

/* The string at `*offset`, which goes on behind it; NULL when it does not end before `end`. */
static const char *string_at(const uint8_t *bytes, size_t *offset, size_t end) {
  size_t at = padded(*offset, sizeof(uint32_t));
  if (at + sizeof(uint32_t) > end) return NULL;
  size_t length = number_at(bytes, at);
  at += sizeof(uint32_t);
  if (length >= end - at || bytes[at + length] != '\0') return NULL;
  *offset = at + length + 1;
  return (const char *)bytes + at;
}

/* Takes one field of the header at `*offset`; false when it is of a kind that no bus sends. */
static bool read_field(const uint8_t *bytes, size_t *offset, size_t end, struct message *message) {
  size_t at = padded(*offset, 8);
  /* Number, length of the signature, one letter, zero. */
  if (at + 4 > end || bytes[at + 1] != 1) return false;
  uint8_t field = bytes[at];
  char type = (char)bytes[at + 2];
  at += 4;
  if (type == 's' || type == 'o') {
    const char *text = string_at(bytes, &at, end);
    if (text == NULL) return false;
    if (field == FIELD_MEMBER) snprintf(message->member, sizeof message->member, "%s", text);
  } else if (type == 'g') {
    if (at >= end || bytes[at] >= end - at - 1) return false;
    at += (size_t)bytes[at] + 2;
  } else if (type == 'u') {
    if (at + sizeof(uint32_t) > end) return false;
    if (field == FIELD_REPLY_SERIAL) message->reply_serial = number_at(bytes, at);
    at += sizeof(uint32_t);
  } else {
    return false;
  }
  *offset = at;
  return true;
}

bool message_read(const uint8_t *bytes, size_t length, struct message *message) {
  memset(message, 0, sizeof *message);
  message->type = bytes[1];
  size_t end = MESSAGE_HEAD_BYTES + number_at(bytes, 12);
  if (end > length) return false;
  for (size_t at = MESSAGE_HEAD_BYTES; at < end;) if (!read_field(bytes, &at, end, message)) return false;
  /* Whoever wants strings knows that the body has them: no answer that is waited for has anything before them. */
  size_t at = padded(end, 8);
  while (message->string_count < 3) {
    const char *text = string_at(bytes, &at, length);
    if (text == NULL) break;
    snprintf(message->strings[message->string_count++], sizeof message->strings[0], "%s", text);
  }
  return true;
}
