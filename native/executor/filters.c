#include "executor/filters.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "executor/report.h"

void install_filters(const struct exec_spec *spec) {
  for (size_t i = 0; i < spec->filters.count; i++) {
    struct field record = spec->filters.items[i];
    const char *directive = record.bytes;
    size_t name_length = strlen(directive) + 1;
    size_t size = record.length > name_length ? record.length - name_length : 0;
    size_t count = size / sizeof(struct sock_filter);
    if (count == 0 || count > BPF_MAXINSNS || size % sizeof(struct sock_filter) != 0) fail(STAGE_SPECIFICATION, EINVAL, directive);
    /* The bytes lie at any address; the kernel wants what the type wants. */
    struct sock_filter *code = allocate(count, sizeof *code);
    memcpy(code, directive + name_length, size);
    struct sock_fprog program = { (unsigned short)count, code };
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
      if (errno != EINVAL && errno != ENOSYS && errno != EACCES && errno != EPERM) fail(STAGE_SECCOMP, errno, directive);
      note(directive, errno, "");
    }
  }
}
