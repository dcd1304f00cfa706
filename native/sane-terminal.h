/* A terminal as a person expects to find it, whatever the last program left behind: for the addon (C++) and the executor (C). */
#pragma once

#include <sys/ttydefaults.h>
#include <termios.h>

/* Speed, character size, parity and flow control belong to the line and stay. Returns -1 with errno when `fd` is no terminal. */
static inline int make_terminal_sane(int fd) {
  struct termios settings;
  if (tcgetattr(fd, &settings) < 0) return -1;
  settings.c_iflag = (settings.c_iflag & IUTF8) | BRKINT | ICRNL | IMAXBEL | IXON;
  settings.c_oflag = OPOST | ONLCR;
  settings.c_cflag = (settings.c_cflag & (CBAUD | CSIZE | CSTOPB | PARENB | PARODD | CLOCAL | HUPCL | CRTSCTS)) | CREAD;
  settings.c_lflag = ISIG | ICANON | IEXTEN | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE;
  settings.c_cc[VINTR] = CINTR;
  settings.c_cc[VQUIT] = CQUIT;
  settings.c_cc[VERASE] = CERASE;
  settings.c_cc[VKILL] = CKILL;
  settings.c_cc[VEOF] = CEOF;
  settings.c_cc[VSTART] = CSTART;
  settings.c_cc[VSTOP] = CSTOP;
  settings.c_cc[VSUSP] = CSUSP;
  settings.c_cc[VREPRINT] = CREPRINT;
  settings.c_cc[VDISCARD] = CDISCARD;
  settings.c_cc[VWERASE] = CWERASE;
  settings.c_cc[VLNEXT] = CLNEXT;
  settings.c_cc[VMIN] = 1;
  settings.c_cc[VTIME] = 0;
  /* TCSANOW: waiting until the output has drained could wait for ever. */
  return tcsetattr(fd, TCSANOW, &settings);
}
