// What Swift's Glibc module hides or cannot import: GNU extensions and variadic calls.
#ifndef WEIR_CSHIM_H
#define WEIR_CSHIM_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

/// Receives up to `count` datagrams into `count` slots of `slot` bytes each, with one recvmmsg(2) call.
/// Blocks for the first one (up to `timeout_ms`, forever when negative) and takes the rest only if they are there.
/// Returns the number received, 0 on timeout, or -errno. `lengths[i]` is the length of datagram i; a datagram longer
/// than its slot has `lengths[i] = slot + 1`.
int weir_receive_batch(int fd, void *slots, size_t slot, unsigned count, uint32_t *lengths, int timeout_ms);

/// The same, but waits for the first datagram as long as the socket's own SO_RCVTIMEO says: one system call instead of
/// three when datagrams come one by one.
int weir_receive_waiting(int fd, void *slots, size_t slot, unsigned count, uint32_t *lengths);

/// Binds the calling thread to one CPU; 0 or -errno.
int weir_pin_thread(int cpu);

/// Names the calling thread (at most 15 bytes are kept).
void weir_name_thread(const char *name);

/// Starts a thread that runs `body(context)`, named `name`, bound to one CPU from its first instruction on (to none
/// when `cpu` is negative). 0 or -errno; `body` does not run then.
int weir_start_thread(pthread_t *thread, const char *name, int cpu, void *(*body)(void *), void *context);

/// Moves the calling thread into the network namespace of the file at `path` (/run/netns/NAME, /proc/PID/ns/net); other
/// threads stay where they are. 0 or -errno.
int weir_enter_network_namespace(const char *path);

#endif
