#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* Put before the C library by LD_PRELOAD; nothing happens but for these, in a run's environment:
   FAULT_WRITE=n: the n-th write below FAULT_BELOW (folders, ':' between) fails, ENOSPC.
   FAULT_FULL=n: that one and all that follow fail, ENOSPC.
   FAULT_SWAP=n: SIGKILL before the n-th call that gives, takes or syncs a name there.
   FAULT_LOCKS=none: no file can be locked, as on some discs of networks. */

static atomic_long calls;

static int below(const char *path) {
    const char *list = getenv("FAULT_BELOW");
    while (list && *list) {
        const char *end = strchrnul(list, ':');
        if (strncmp(path, list, end - list) == 0) return 1;
        list = *end ? end + 1 : end;
    }
    return 0;
}

static int fd_below(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return below(path);
}

static int fails(int fd) {
    const char *one = getenv("FAULT_WRITE"), *full = getenv("FAULT_FULL");
    if (!(one || full) || !fd_below(fd)) return 0;
    long n = atomic_fetch_add(&calls, 1) + 1;
    if (one ? n != atol(one) : n < atol(full)) return 0;
    errno = ENOSPC;
    return 1;
}

static void step(const char *path, int fd) {
    const char *n = getenv("FAULT_SWAP");
    if (!n || !(path ? below(path) : fd_below(fd))) return;
    if (atomic_fetch_add(&calls, 1) + 1 == atol(n)) kill(getpid(), SIGKILL);
}

long fault_calls(void) { return atomic_load(&calls); }

#define NEXT(type, name) static type (*next)(); if (!next) next = dlsym(RTLD_NEXT, name)

ssize_t write(int fd, const void *b, size_t n) {
    NEXT(ssize_t, "write"); return fails(fd) ? -1 : next(fd, b, n); }
ssize_t writev(int fd, const struct iovec *v, int n) {
    NEXT(ssize_t, "writev"); return fails(fd) ? -1 : next(fd, v, n); }
ssize_t pwrite(int fd, const void *b, size_t n, off_t o) {
    NEXT(ssize_t, "pwrite"); return fails(fd) ? -1 : next(fd, b, n, o); }
ssize_t pwrite64(int fd, const void *b, size_t n, off64_t o) {
    NEXT(ssize_t, "pwrite64"); return fails(fd) ? -1 : next(fd, b, n, o); }
int ftruncate(int fd, off_t o) {
    NEXT(int, "ftruncate"); return fails(fd) ? -1 : next(fd, o); }
int ftruncate64(int fd, off64_t o) {
    NEXT(int, "ftruncate64"); return fails(fd) ? -1 : next(fd, o); }
int fsync(int fd) {
    NEXT(int, "fsync"); step(0, fd); return fails(fd) ? -1 : next(fd); }
int fdatasync(int fd) {
    NEXT(int, "fdatasync"); return fails(fd) ? -1 : next(fd); }
/* Buffered streams write inside the C library, past the names above. */
size_t fwrite(const void *b, size_t s, size_t n, FILE *f) {
    NEXT(size_t, "fwrite"); return fails(fileno(f)) ? 0 : next(b, s, n, f); }
int rename(const char *a, const char *b) {
    NEXT(int, "rename"); step(a, 0); return next(a, b); }
int renameat(int d, const char *a, int e, const char *b) {
    NEXT(int, "renameat"); step(a, 0); return next(d, a, e, b); }
int renameat2(int d, const char *a, int e, const char *b, unsigned f) {
    NEXT(int, "renameat2"); step(a, 0); return next(d, a, e, b, f); }
int unlink(const char *a) { NEXT(int, "unlink"); step(a, 0); return next(a); }
int unlinkat(int d, const char *a, int f) {
    NEXT(int, "unlinkat"); step(*a == '/' ? a : 0, d); return next(d, a, f); }
int rmdir(const char *a) { NEXT(int, "rmdir"); step(a, 0); return next(a); }
int mkdir(const char *a, mode_t m) { NEXT(int, "mkdir"); step(a, 0); return next(a, m); }
int flock(int fd, int how) {
    NEXT(int, "flock");
    if (!getenv("FAULT_LOCKS")) return next(fd, how);
    errno = ENOLCK;
    return -1; }
