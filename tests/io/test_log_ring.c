// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "boost/log_ring.h"
#include "util/error.h"
#include "util/strbuf.h"

#define NR_RECORDS 8u

struct record {
	uint32_t number;
	char rest[60];
};

static void render(const void *record, void *arg, struct strbuf *out)
{
	(void)arg;
	strbuf_addf(out, "line %u\n", ((const struct record *)record)->number);
}

static void render_long(const void *record, void *arg, struct strbuf *out)
{
	(void)arg;
	strbuf_addf(out, "%u:", ((const struct record *)record)->number);
	strbuf_addch(out, '.', 4000);
	strbuf_addch(out, '\n', 1);
}

static void render_dropped(uint64_t nr_dropped, void *arg, struct strbuf *out)
{
	(void)arg;
	strbuf_addf(out, "dropped %llu\n", (unsigned long long)nr_dropped);
}

static struct log_ring *make_ring_at(enum log_ring_kind kind, int fd, const char *path,
				     void (*how)(const void *record, void *arg, struct strbuf *out))
{
	const struct log_ring_target target = {
		.kind = kind,
		.fd = fd,
		.path = path,
		.record_size = sizeof(struct record),
		.nr_records = NR_RECORDS,
		.render = how,
		.render_dropped = render_dropped,
	};
	struct error err = { 0 };
	struct log_ring *ring = NULL;

	if (log_ring_create(&target, &ring, &err))
		fail_msg("%s", err.text);
	return ring;
}

static struct log_ring *make_ring(enum log_ring_kind kind, int fd,
				  void (*how)(const void *record, void *arg, struct strbuf *out))
{
	return make_ring_at(kind, fd, NULL, how);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* What can be read before @timeout_ms pass without anything. */
static size_t read_some(int fd, char *room, size_t size, int timeout_ms)
{
	size_t length = 0;
	struct pollfd wait = { .fd = fd, .events = POLLIN };

	while (length + 1 < size && poll(&wait, 1, timeout_ms) > 0) {
		ssize_t got = read(fd, room + length, size - 1 - length);

		if (got <= 0)
			break;
		length += (size_t)got;
	}
	room[length] = '\0';
	return length;
}

static void records_come_out_in_order(void **state)
{
	int fds[2];
	char text[256];
	char wanted[256] = "";
	struct log_ring *ring;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	ring = make_ring(LOG_RING_FD, fds[1], render);
	for (uint32_t i = 0; i < 3 * NR_RECORDS; i++) {
		const struct record record = { .number = i };

		assert_true(log_ring_put(ring, &record));
		snprintf(wanted + strlen(wanted), sizeof(wanted) - strlen(wanted), "line %u\n", i);
		if (i % NR_RECORDS == NR_RECORDS - 1)
			assert_true(log_ring_flush(ring, 5000));
	}
	assert_true(log_ring_destroy(ring, 5000));
	close(fds[1]);
	read_some(fds[0], text, sizeof(text), 1000);
	assert_string_equal(text, wanted);
	close(fds[0]);
}

static void target_that_blocks_never_blocks_the_producer(void **state)
{
	static char text[1 << 20];
	int fds[2];
	uint64_t worst_ns = 0;
	uint32_t nr_refused = 0;
	uint32_t nr_lines = 0;
	struct log_ring *ring;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	ring = make_ring(LOG_RING_FD, fds[1], render_long);
	/* sixteen lines fill the pipe, eight the ring */
	for (uint32_t i = 0; i < 1000; i++) {
		const struct record record = { .number = i };
		uint64_t began_at = now_ns();

		nr_refused += !log_ring_put(ring, &record);
		if (now_ns() - began_at > worst_ns)
			worst_ns = now_ns() - began_at;
		if (i < 20)
			log_ring_flush(ring, 20);
	}
	assert_true(nr_refused >= 900);
	assert_int_equal(log_ring_dropped(ring), nr_refused);
	/* it does nothing that waits: what is left is that somebody else had the CPU */
	assert_true(worst_ns < 1000000000);
	assert_false(log_ring_flush(ring, 10));
	/* now somebody reads: what was put comes, and the count of what was not */
	read_some(fds[0], text, sizeof(text), 300);
	for (const char *at = text; (at = strchr(at, '\n')); at++)
		nr_lines++;
	assert_int_equal(nr_lines, 1000 - nr_refused + 1);
	snprintf(text, 64, "dropped %u\n", nr_refused);
	assert_true(log_ring_destroy(ring, 5000));
	close(fds[1]);
	close(fds[0]);
}

static void writer_that_hangs_is_left_behind(void **state)
{
	/* its memory stays with its writer, and the leak checker is to know who has it */
	static struct log_ring *ring;
	int fds[2];
	uint64_t began_at;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	ring = make_ring(LOG_RING_FD, fds[1], render_long);
	for (uint32_t i = 0; i < 100; i++) {
		const struct record record = { .number = i };

		log_ring_put(ring, &record);
		log_ring_flush(ring, 1);
	}
	began_at = now_ns();
	assert_false(log_ring_destroy(ring, 50));
	assert_true(now_ns() - began_at >= 50000000);
	/* it ends when its target does */
	close(fds[0]);
}

static void pipe_without_a_reader_drops(void **state)
{
	const struct record record = { .number = 1 };
	int fds[2];
	struct log_ring *ring;

	(void)state;
	assert_int_equal(pipe(fds), 0);
	ring = make_ring(LOG_RING_FD, fds[1], render);
	close(fds[0]);
	assert_true(log_ring_put(ring, &record));
	assert_true(log_ring_flush(ring, 5000));
	assert_true(log_ring_dropped(ring) > 0);
	assert_true(log_ring_destroy(ring, 5000));
	close(fds[1]);
}

static void full_disk_drops(void **state)
{
	const struct record record = { .number = 1 };
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct log_ring *ring;

	(void)state;
	if (fd < 0)
		skip();
	ring = make_ring(LOG_RING_FD, fd, render);
	assert_true(log_ring_put(ring, &record));
	assert_true(log_ring_flush(ring, 5000));
	assert_true(log_ring_dropped(ring) > 0);
	assert_true(log_ring_destroy(ring, 5000));
	close(fd);
}

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int server = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	assert_int_equal(bind(server, (const struct sockaddr *)&address, sizeof(address)), 0);
	return server;
}

/* Lines are said until one of them arrives, and the number of all that were dropped has been told. */
static void say_until_heard(struct log_ring *ring, int server, uint64_t *nr_told)
{
	const struct record record = { .number = 7 };
	struct pollfd wait = { .fd = server, .events = POLLIN };
	bool is_heard = false;
	char text[64];

	for (int i = 0; !is_heard || *nr_told < log_ring_dropped(ring); i++) {
		assert_true(i < 200);
		assert_true(log_ring_put(ring, &record));
		assert_true(log_ring_flush(ring, 5000));
		while (poll(&wait, 1, 50) > 0) {
			ssize_t length = recv(server, text, sizeof(text) - 1, 0);

			assert_true(length > 0);
			text[length] = '\0';
			is_heard |= !strcmp(text, "line 7");
			if (!strncmp(text, "dropped ", 8))
				*nr_told += strtoul(text + 8, NULL, 10);
		}
	}
	assert_int_equal(*nr_told, log_ring_dropped(ring));
}

static void syslog_that_comes_goes_and_comes_again_gets_a_datagram_per_line(void **state)
{
	char dir[] = "/tmp/test_log_ring.XXXXXX";
	const struct record record = { .number = 7 };
	struct error err = { 0 };
	struct log_ring *ring;
	uint64_t nr_told = 0;
	uint64_t nr_before;
	char path[64];
	int server;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/log", dir);
	assert_true(log_ring_open_syslog(path, &err) < 0);
	assert_non_null(strstr(err.text, path));
	ring = make_ring_at(LOG_RING_SYSLOG, -1, path, render);
	/* nobody there yet */
	assert_true(log_ring_put(ring, &record));
	assert_true(log_ring_flush(ring, 5000));
	assert_int_equal(log_ring_dropped(ring), 1);
	server = listen_at(path);
	say_until_heard(ring, server, &nr_told);
	/* one that is started anew has another socket */
	close(server);
	server = listen_at(path);
	say_until_heard(ring, server, &nr_told);
	/* nobody there any more */
	close(server);
	nr_before = log_ring_dropped(ring);
	assert_true(log_ring_put(ring, &record));
	assert_true(log_ring_flush(ring, 5000));
	assert_int_equal(log_ring_dropped(ring), nr_before + 1);
	assert_true(log_ring_destroy(ring, 5000));
	unlink(path);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_out_in_order),
		cmocka_unit_test(target_that_blocks_never_blocks_the_producer),
		cmocka_unit_test(writer_that_hangs_is_left_behind),
		cmocka_unit_test(pipe_without_a_reader_drops),
		cmocka_unit_test(full_disk_drops),
		cmocka_unit_test(syslog_that_comes_goes_and_comes_again_gets_a_datagram_per_line),
	};

	return cmocka_run_group_tests_name("log_ring", tests, NULL, NULL);
}
