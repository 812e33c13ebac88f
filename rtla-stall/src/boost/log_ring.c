// SPDX-License-Identifier: GPL-2.0-only
#include "log_ring.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../util/array.h"
#include "../util/clock.h"
#include "../util/detach.h"
#include "../util/error.h"
#include "../util/strbuf.h"
#include "sched_sys.h"

#define STACK_BYTES (128u << 10)
#define FLUSH_STEP_NS 5000000
#define REFUSED_PAUSE_NS 10000000
#define REFUSED_TRIES 20
#define CONNECT_PAUSE_NS UINT64_C(1000000000)

struct log_ring {
	struct log_ring_target target;
	pthread_t writer;
	int wake_fd;
	int syslog_fd;				/* the writer's; -1 */
	uint64_t connect_at;			/* not before */
	unsigned char *records;
	atomic_uint_fast64_t nr_put;		/* by the producer */
	atomic_uint_fast64_t nr_written;	/* by the writer */
	atomic_uint_fast64_t nr_dropped;
	atomic_uint_fast64_t nr_told;		/* of those dropped */
	atomic_bool is_ending;
};

static void pause_for(long ns)
{
	struct timespec pause = { .tv_nsec = ns };

	nanosleep(&pause, NULL);
}

/* ---- the writer ------------------------------------------------------------------------------- */

/* A pipe without a reader, a full disk: what cannot be written is dropped like what does not fit. */
static bool write_all(int fd, const char *text, size_t length)
{
	while (length) {
		ssize_t written = write(fd, text, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN) {
			/* somebody else has made it not block */
			pause_for(REFUSED_PAUSE_NS);
			continue;
		}
		if (written <= 0)
			return false;
		text += written;
		length -= (size_t)written;
	}
	return true;
}

/* A datagram waits for the log's reader; one that never reads must not keep us for ever. */
static bool send_one(int fd, const char *text, size_t length)
{
	for (int try = 0; try < REFUSED_TRIES; try++) {
		if (send(fd, text, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
			return true;
		if (errno != EAGAIN && errno != ENOBUFS && errno != EINTR)
			return false;
		pause_for(REFUSED_PAUSE_NS);
	}
	return false;
}

/* Not all the time: there may be none on this machine. */
static bool connect_syslog(struct log_ring *ring)
{
	if (ring->syslog_fd < 0 && clock_mono_ns() >= ring->connect_at) {
		ring->syslog_fd = log_ring_open_syslog(ring->target.path, NULL);
		ring->connect_at = clock_mono_ns() + CONNECT_PAUSE_NS;
	}
	return ring->syslog_fd >= 0;
}

/* Who was there may have gone, and another one come: each has a socket of its own. */
static bool write_syslog(struct log_ring *ring, const char *line, size_t length)
{
	while (connect_syslog(ring)) {
		if (send_one(ring->syslog_fd, line, length))
			return true;
		if (errno == EAGAIN || errno == ENOBUFS || errno == EINTR)
			return false;
		close(ring->syslog_fd);
		ring->syslog_fd = -1;
	}
	return false;
}

static bool write_line(struct log_ring *ring, const char *line, size_t length)
{
	switch (ring->target.kind) {
	case LOG_RING_KMSG:
		return write(ring->target.fd, line, length) >= 0;
	case LOG_RING_SYSLOG:
		return write_syslog(ring, line, length);
	case LOG_RING_FD:
		break;
	}
	return write_all(ring->target.fd, line, length);
}

static bool write_lines(struct log_ring *ring, const struct strbuf *text)
{
	bool is_written = true;

	if (ring->target.kind == LOG_RING_FD)
		return write_line(ring, text->text, text->length);
	for (const char *line = text->text; *line;) {
		size_t length = strcspn(line, "\n");

		is_written = write_line(ring, line, length) && is_written;
		line += length + (line[length] == '\n');
	}
	return is_written;
}

static void tell_dropped(struct log_ring *ring, struct strbuf *text)
{
	uint64_t nr_dropped = atomic_load(&ring->nr_dropped);
	uint64_t nr_told = atomic_load(&ring->nr_told);

	if (nr_dropped == nr_told || !ring->target.render_dropped)
		return;
	strbuf_reset(text);
	ring->target.render_dropped(nr_dropped - nr_told, ring->target.arg, text);
	if (write_lines(ring, text))
		atomic_store(&ring->nr_told, nr_dropped);
}

static void write_next(struct log_ring *ring, uint64_t number, struct strbuf *text)
{
	const struct log_ring_target *target = &ring->target;
	const unsigned char *record = ring->records + (number % target->nr_records) * target->record_size;

	strbuf_reset(text);
	target->render(record, target->arg, text);
	if (text->length && !write_lines(ring, text))
		atomic_fetch_add(&ring->nr_dropped, 1);
	atomic_store(&ring->nr_written, number + 1);
}

static void *run_writer(void *arg)
{
	struct log_ring *ring = arg;
	const int kept[] = { ring->target.kind == LOG_RING_SYSLOG ? -1 : ring->target.fd, ring->wake_fd };
	struct strbuf text = STRBUF_INIT;
	uint64_t number = 0;

	/* where that cannot be had, who waits for our end waits for the target too */
	(void)detach_thread_files(kept, NR_ELEMENTS(kept));
	for (;;) {
		bool is_ending = atomic_load(&ring->is_ending);
		uint64_t nr_put = atomic_load(&ring->nr_put);
		uint64_t wakes;

		while (number < nr_put)
			write_next(ring, number++, &text);
		tell_dropped(ring, &text);
		if (is_ending && number == atomic_load(&ring->nr_put))
			break;
		if (number == atomic_load(&ring->nr_put) &&
		    read(ring->wake_fd, &wakes, sizeof(wakes)) < 0 && errno != EINTR)
			break;
	}
	if (ring->syslog_fd >= 0)
		close(ring->syslog_fd);
	strbuf_deinit(&text);
	return NULL;
}

/* ---- the producer ----------------------------------------------------------------------------- */

/* The counter of an eventfd would have to be near 2^64 for this to block. */
static void wake_writer(const struct log_ring *ring)
{
	uint64_t one = 1;
	ssize_t written = write(ring->wake_fd, &one, sizeof(one));

	(void)written;
}

bool log_ring_put(struct log_ring *ring, const void *record)
{
	const struct log_ring_target *target = &ring->target;
	uint64_t number = atomic_load(&ring->nr_put);

	if (number - atomic_load(&ring->nr_written) >= target->nr_records) {
		atomic_fetch_add(&ring->nr_dropped, 1);
		return false;
	}
	memcpy(ring->records + (number % target->nr_records) * target->record_size, record,
	       target->record_size);
	atomic_store(&ring->nr_put, number + 1);
	wake_writer(ring);
	return true;
}

uint64_t log_ring_dropped(const struct log_ring *ring)
{
	return atomic_load(&ring->nr_dropped);
}

/* ---- beginning and end ------------------------------------------------------------------------ */

static int start_writer(struct log_ring *ring)
{
	pthread_attr_t attributes;
	sigset_t all;
	sigset_t before;
	int code = pthread_attr_init(&attributes);

	if (code)
		return -code;
	/* Locked memory: eight megabytes of stack would all be there at once. */
	code = pthread_attr_setstacksize(&attributes, STACK_BYTES);
	if (!code) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &before);
		code = pthread_create(&ring->writer, &attributes, run_writer, ring);
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	pthread_attr_destroy(&attributes);
	return -code;
}

static void free_ring(struct log_ring *ring)
{
	if (ring->wake_fd >= 0)
		close(ring->wake_fd);
	free(ring->records);
	free(ring);
}

int log_ring_create(const struct log_ring_target *target, struct log_ring **ret, struct error *err)
{
	struct log_ring *ring = calloc(1, sizeof(*ring));
	size_t size = target->record_size * target->nr_records;
	int result = -ENOMEM;

	if (!ring)
		return error_set(err, -ENOMEM, "out of memory");
	ring->target = *target;
	ring->wake_fd = eventfd(0, EFD_CLOEXEC);
	ring->syslog_fd = -1;
	ring->records = malloc(size);
	if (ring->records) {
		memset(ring->records, 0, size);
		result = ring->wake_fd < 0 ? -errno : start_writer(ring);
	}
	if (result) {
		free_ring(ring);
		return error_set(err, result, "a thread for the log: %s", strerror(-result));
	}
	*ret = ring;
	return 0;
}

bool log_ring_flush(const struct log_ring *ring, int timeout_ms)
{
	for (int64_t left_ns = (int64_t)timeout_ms * 1000000; ; left_ns -= FLUSH_STEP_NS) {
		if (atomic_load(&ring->nr_written) == atomic_load(&ring->nr_put))
			return true;
		if (left_ns <= 0)
			return false;
		pause_for(FLUSH_STEP_NS);
	}
}

/*
 * A writer that starves keeps the whole process from ending, even when that is killed: at the end it may have
 * the real-time priority of who ends it, and not before: it writes to where others can make it wait.
 */
static void hurry(pthread_t writer)
{
	struct sched_param param = { .sched_priority = SCHED_SYS_OWN_PRIORITY };
	int policy = sched_getscheduler(0) & ~SCHED_RESET_ON_FORK;

	if (policy == SCHED_SYS_DEADLINE)
		pthread_setschedparam(writer, SCHED_FIFO, &param);
	else if ((policy == SCHED_FIFO || policy == SCHED_RR) && !sched_getparam(0, &param))
		pthread_setschedparam(writer, policy, &param);
}

bool log_ring_destroy(struct log_ring *ring, int timeout_ms)
{
	struct timespec until;

	if (!ring)
		return true;
	hurry(ring->writer);
	atomic_store(&ring->is_ending, true);
	wake_writer(ring);
	until = clock_mono_after_ms(timeout_ms);
	if (pthread_clockjoin_np(ring->writer, NULL, CLOCK_MONOTONIC, &until)) {
		pthread_detach(ring->writer);
		return false;
	}
	free_ring(ring);
	return true;
}

int log_ring_open_syslog(const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int code;
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return error_set(err, -ENAMETOOLONG, "%s: the name is too long", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && !connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return fd;
	code = -errno;
	if (fd >= 0)
		close(fd);
	return error_set(err, code, "the system's log: %s: %s", path, strerror(-code));
}
