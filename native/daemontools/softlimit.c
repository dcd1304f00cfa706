/* softlimit: sets soft resource limits, then becomes a program. */
#include "daemontools/tool.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* A number, or `=` for the hard limit; more than the hard limit means the hard limit. */
static void set_soft_limit(int resource, const char *text) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0) die_of_error("getrlimit failed: ", NULL);
  if (strcmp(text, "=") == 0) {
    limit.rlim_cur = limit.rlim_max;
  } else {
    char *end = (char *)text;
    errno = 0;
    /* strtoul would take a sign and blanks. No digit at all is 0, as with daemontools. */
    rlim_t wanted = isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : 0;
    if (*end != '\0') die_of_usage();
    limit.rlim_cur = errno == ERANGE || wanted > limit.rlim_max ? limit.rlim_max : wanted;
  }
  if (setrlimit(resource, &limit) != 0) die_of_error("setrlimit failed: ", NULL);
}

int run_softlimit(int argc, char **argv) {
  for (int option; (option = next_option(argc, argv, "a:c:d:f:l:m:o:p:r:s:t:")) != -1;) {
    switch (option) {
      case 'a': set_soft_limit(RLIMIT_AS, optarg); break;
      case 'c': set_soft_limit(RLIMIT_CORE, optarg); break;
      case 'd': set_soft_limit(RLIMIT_DATA, optarg); break;
      case 'f': set_soft_limit(RLIMIT_FSIZE, optarg); break;
      case 'l': set_soft_limit(RLIMIT_MEMLOCK, optarg); break;
      case 'm':
        set_soft_limit(RLIMIT_DATA, optarg);
        set_soft_limit(RLIMIT_STACK, optarg);
        set_soft_limit(RLIMIT_MEMLOCK, optarg);
        set_soft_limit(RLIMIT_AS, optarg);
        break;
      case 'o': set_soft_limit(RLIMIT_NOFILE, optarg); break;
      case 'p': set_soft_limit(RLIMIT_NPROC, optarg); break;
      case 'r': set_soft_limit(RLIMIT_RSS, optarg); break;
      case 's': set_soft_limit(RLIMIT_STACK, optarg); break;
      default: set_soft_limit(RLIMIT_CPU, optarg); break;
    }
  }
  if (optind >= argc) die_of_usage();
  become(argv + optind);
}
