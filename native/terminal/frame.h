/*
 * What goes between `heartwood-terminal hold` and `heartwood-terminal join` over their socket, both ways: frames of a kind (one byte),
 * a length (two bytes, little-endian) and so many bytes. Both ends are of one build but for an upgrade in between: a kind that is not
 * known is passed over.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum frame_kind {
  /* Bytes, from the terminal or for it. */
  FRAME_DATA = 'D',
  /* From a client: rows and columns of its own terminal, two bytes each, little-endian. */
  FRAME_SIZE = 'S',
  /* From a client: its input is at its end. */
  FRAME_END = 'E',
  /* For a client: the unit has no use for its terminal any more. */
  FRAME_OVER = 'O',
  /* For a client: it took too little of what came, and is let go. */
  FRAME_SLOW = 'L',
};

enum { FRAME_HEADER_BYTES = 3, FRAME_PAYLOAD_BYTES_MAX = 8192 };

static inline void frame_header(unsigned char *header, enum frame_kind kind, size_t length) {
  header[0] = (unsigned char)kind;
  header[1] = (unsigned char)(length & 0xff);
  header[2] = (unsigned char)(length >> 8);
}

static inline size_t frame_length(const unsigned char *header) { return (size_t)header[1] | (size_t)header[2] << 8; }

/* The two ways to call the program. */
int hold_terminal(const char *directory);
/* `leaves`: at the end of an input that is no terminal, instead of telling the unit of it. */
int join_terminal(const char *socket_path, const char *detach_keys, bool leaves);
