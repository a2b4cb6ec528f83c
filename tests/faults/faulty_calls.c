// Loaded in front of libc (LD_PRELOAD): counts the system calls that a program makes on what lies
// under one folder, writes each into a log, and lets one of them fail or lie.
//
//   FAULTY_UNDER   the folder; its own descriptor counts as well
//   FAULTY_LOG     where each call is written: NAME RESULT PATH
//   FAULTY_CALL    the name of the call that fails
//   FAULTY_ALSO    another that fails whenever it is called, with EPERM
//   FAULTY_NTH     which of them, from 1
//   FAULTY_ERRNO   with what; 0: it says that it has done it, and has not
//   FAULTY_ALWAYS  set: that one and all after it
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static int seen;

static int is_under(const char *path) {
  const char *under = getenv("FAULTY_UNDER");
  const size_t size = under ? strlen(under) : 0;
  return size > 0 && strncmp(path, under, size) == 0 && (path[size] == '/' || path[size] == 0);
}

static int path_of(int fd, char *path) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t size = readlink(link, path, PATH_MAX - 1);
  path[size > 0 ? size : 0] = 0;
  return size > 0;
}

static void path_at(int folder, const char *name, char *path) {
  if (name[0] == '/') {
    snprintf(path, PATH_MAX, "%s", name);
  } else if (folder == AT_FDCWD) {
    char here[PATH_MAX / 2];
    snprintf(path, PATH_MAX, "%s/%s", getcwd(here, sizeof here) ? here : "", name);
  } else {
    char parent[PATH_MAX];
    path_of(folder, parent);
    snprintf(path, PATH_MAX, "%.2000s/%.2000s", parent, name);
  }
}

static void note(const char *call, const char *result, const char *path) {
  const char *log = getenv("FAULTY_LOG");
  if (!log) return;
  int (*real_open)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
  ssize_t (*real_write)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
  const int fd = real_open(log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  char line[PATH_MAX + 64];
  const int size = snprintf(line, sizeof line, "%s %s %s\n", call, result, path);
  if (fd >= 0 && size > 0) (void)!real_write(fd, line, (size_t)size);
  if (fd >= 0) close(fd);
}

// 0: do it. 1: fail, errno is set. 2: say that it is done.
static int verdict(const char *call, const char *path) {
  if (!is_under(path)) return 0;
  const char *which = getenv("FAULTY_CALL");
  int strikes = 0;
  if (which && strcmp(which, call) == 0) {
    const int nth = atoi(getenv("FAULTY_NTH"));
    pthread_mutex_lock(&mutex);
    ++seen;
    strikes = seen == nth || (seen > nth && getenv("FAULTY_ALWAYS"));
    pthread_mutex_unlock(&mutex);
  }
  const char *also = getenv("FAULTY_ALSO");
  if (also && strcmp(also, call) == 0) {
    note(call, "failed", path);
    errno = EPERM;
    return 1;
  }
  const int error = strikes ? atoi(getenv("FAULTY_ERRNO")) : 0;
  note(call, !strikes ? "done" : error ? "failed" : "lied", path);
  if (!strikes) return 0;
  errno = error;
  return error ? 1 : 2;
}

static int verdict_fd(const char *call, int fd) {
  char path[PATH_MAX];
  return path_of(fd, path) ? verdict(call, path) : 0;
}

#define REAL(type, name, ...) ((type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name))

#define OPEN_AT(symbol)                                                                  \
  int symbol(int folder, const char *name, int flags, ...) {                             \
    va_list rest;                                                                        \
    va_start(rest, flags);                                                               \
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;        \
    va_end(rest);                                                                        \
    char path[PATH_MAX];                                                                 \
    path_at(folder, name, path);                                                         \
    if (verdict(flags & O_CREAT ? "create" : "open", path) == 1) return -1;              \
    return REAL(int, #symbol, int, const char *, int, ...)(folder, name, flags, mode);   \
  }
OPEN_AT(openat)
OPEN_AT(openat64)

#define OPEN(symbol)                                                                     \
  int symbol(const char *name, int flags, ...) {                                         \
    va_list rest;                                                                        \
    va_start(rest, flags);                                                               \
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;        \
    va_end(rest);                                                                        \
    char path[PATH_MAX];                                                                 \
    path_at(AT_FDCWD, name, path);                                                       \
    if (verdict(flags & O_CREAT ? "create" : "open", path) == 1) return -1;              \
    return REAL(int, #symbol, const char *, int, ...)(name, flags, mode);                \
  }
OPEN(open)
OPEN(open64)

#define READ_AT(symbol)                                                                  \
  ssize_t symbol(int fd, void *into, size_t size, off_t at) {                            \
    if (verdict_fd("pread", fd) == 1) return -1;                                         \
    return REAL(ssize_t, #symbol, int, void *, size_t, off_t)(fd, into, size, at);       \
  }
READ_AT(pread)
READ_AT(pread64)

#define WRITE_AT(symbol)                                                                 \
  ssize_t symbol(int fd, const void *from, size_t size, off_t at) {                      \
    const int is = verdict_fd("pwrite", fd);                                             \
    if (is == 1) return -1;                                                              \
    if (is == 2) return (ssize_t)size;                                                   \
    return REAL(ssize_t, #symbol, int, const void *, size_t, off_t)(fd, from, size, at); \
  }
WRITE_AT(pwrite)
WRITE_AT(pwrite64)

#define ON_FD(symbol, as)                                                                \
  int symbol(int fd) {                                                                   \
    const int is = verdict_fd(as, fd);                                                   \
    if (is) return is == 1 ? -1 : 0;                                                     \
    return REAL(int, #symbol, int)(fd);                                                  \
  }
ON_FD(fdatasync, "fdatasync")
ON_FD(fsync, "fsync")

#define TRUNCATE(symbol)                                                                 \
  int symbol(int fd, off_t size) {                                                       \
    const int is = verdict_fd("ftruncate", fd);                                          \
    if (is) return is == 1 ? -1 : 0;                                                     \
    return REAL(int, #symbol, int, off_t)(fd, size);                                     \
  }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define ALLOCATE(symbol)                                                                 \
  int symbol(int fd, int mode, off_t at, off_t size) {                                   \
    const int is = verdict_fd("fallocate", fd);                                          \
    if (is) return is == 1 ? -1 : 0;                                                     \
    return REAL(int, #symbol, int, int, off_t, off_t)(fd, mode, at, size);               \
  }
ALLOCATE(fallocate)
ALLOCATE(fallocate64)

int sync_file_range(int fd, off_t at, off_t size, unsigned flags) {
  if (verdict_fd("sync_file_range", fd) == 1) return -1;
  return REAL(int, "sync_file_range", int, off_t, off_t, unsigned)(fd, at, size, flags);
}

int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
  char path[PATH_MAX];
  path_at(b, to, path);
  if (verdict("renameat2", path) == 1) return -1;
  return REAL(int, "renameat2", int, const char *, int, const char *, unsigned)(a, from, b, to,
                                                                                 flags);
}

int renameat(int a, const char *from, int b, const char *to) {
  char path[PATH_MAX];
  path_at(b, to, path);
  if (verdict("renameat", path) == 1) return -1;
  return REAL(int, "renameat", int, const char *, int, const char *)(a, from, b, to);
}

int linkat(int a, const char *from, int b, const char *to, int flags) {
  char path[PATH_MAX];
  path_at(b, to, path);
  if (verdict("linkat", path) == 1) return -1;
  return REAL(int, "linkat", int, const char *, int, const char *, int)(a, from, b, to, flags);
}

int fstat(int fd, struct stat *into) {
  if (verdict_fd("fstat", fd) == 1) return -1;
  return REAL(int, "fstat", int, struct stat *)(fd, into);
}

int fchmod(int fd, mode_t mode) {
  if (verdict_fd("fchmod", fd) == 1) return -1;
  return REAL(int, "fchmod", int, mode_t)(fd, mode);
}

int flock(int fd, int operation) {
  if (verdict_fd("flock", fd) == 1) return -1;
  return REAL(int, "flock", int, int)(fd, operation);
}
