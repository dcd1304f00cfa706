/*
 * TAI64N labels: 8 bytes of seconds and 4 of nanoseconds, big-endian, written as `@` and 24 hexadecimal digits. 2^62 is 1970; the 10
 * seconds by which TAI was ahead then are in it, leap seconds since are not, because the machine's clock does not count them.
 */
#ifndef HEARTWOOD_DAEMONTOOLS_TAI64N_H
#define HEARTWOOD_DAEMONTOOLS_TAI64N_H

/* "@" and the digits; without a final zero. */
enum { TAI64N_LABEL_BYTES = 25 };
#define TAI64N_EPOCH_SECONDS 4611686018427387914ULL

/* Writes the label of the present moment: TAI64N_LABEL_BYTES bytes. */
void write_label_of_now(char *label);

#endif
