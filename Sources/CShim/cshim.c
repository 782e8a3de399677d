#define _GNU_SOURCE
#include "cshim.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define WEIR_MAX_BATCH 256

static int receive(int fd, void *slots, size_t slot, unsigned count, uint32_t *lengths, int flags) {
    struct mmsghdr messages[WEIR_MAX_BATCH];
    struct iovec vectors[WEIR_MAX_BATCH];
    if (count > WEIR_MAX_BATCH) count = WEIR_MAX_BATCH;
    memset(messages, 0, sizeof(messages[0]) * count);
    for (unsigned i = 0; i < count; i++) {
        vectors[i].iov_base = (char *)slots + slot * i;
        vectors[i].iov_len = slot;
        messages[i].msg_hdr.msg_iov = &vectors[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int received = recvmmsg(fd, messages, count, flags, NULL);
    if (received < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
    for (int i = 0; i < received; i++) {
        lengths[i] = messages[i].msg_hdr.msg_flags & MSG_TRUNC ? (uint32_t)slot + 1 : messages[i].msg_len;
    }
    return received;
}

int weir_receive_batch(int fd, void *slots, size_t slot, unsigned count, uint32_t *lengths, int timeout_ms) {
    int received = receive(fd, slots, slot, count, lengths, MSG_DONTWAIT);
    if (received != 0 || timeout_ms == 0) return received;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    int ready = poll(&wait, 1, timeout_ms);
    if (ready <= 0) return ready < 0 ? -errno : 0;
    return receive(fd, slots, slot, count, lengths, MSG_DONTWAIT);
}

int weir_receive_waiting(int fd, void *slots, size_t slot, unsigned count, uint32_t *lengths) {
    return receive(fd, slots, slot, count, lengths, MSG_WAITFORONE);
}

int weir_pin_thread(int cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    return -pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

void weir_name_thread(const char *name) {
    char kept[16];
    strncpy(kept, name, sizeof(kept) - 1);
    kept[sizeof(kept) - 1] = 0;
    pthread_setname_np(pthread_self(), kept);
}

int weir_start_thread(pthread_t *thread, const char *name, int cpu, void *(*body)(void *), void *context) {
    pthread_attr_t attributes;
    int failure = pthread_attr_init(&attributes);
    if (failure) return -failure;
    if (cpu >= CPU_SETSIZE) {
        failure = EINVAL;
    } else if (cpu >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        failure = pthread_attr_setaffinity_np(&attributes, sizeof(set), &set);
    }
    if (!failure) failure = pthread_create(thread, &attributes, body, context);
    pthread_attr_destroy(&attributes);
    if (failure) return -failure;
    char kept[16];
    strncpy(kept, name, sizeof(kept) - 1);
    kept[sizeof(kept) - 1] = 0;
    pthread_setname_np(*thread, kept);
    return 0;
}

int weir_enter_network_namespace(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return -errno;
    int failure = setns(file, CLONE_NEWNET) ? errno : 0;
    close(file);
    return -failure;
}
